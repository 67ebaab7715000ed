import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { WhySchema } from './why.ts';

/** Version of the alarm machine's events and context. */
export const ALARM_VERSION = 3;

/** What an alarm is; nobody is told of one that is only `suspected`. */
export const ALARM_STATES = ['suspected', 'raised', 'acknowledged', 'cleared'] as const;
export type AlarmState = (typeof ALARM_STATES)[number];

/** What can be wrong. An alarm's id is its cause, two dashes, and the id of what it is about. */
export const CAUSES = [
  'no-source',
  'frozen',
  'stale-hls',
  'relay-dead',
  'off-air',
  'slate',
  'ends-soon',
  'not-recorded',
  'disk-full',
  'nats',
  'redis',
  'launcher',
  'log',
  'cells',
  'process',
] as const;
export type Cause = (typeof CAUSES)[number];

/** The kinds of thing that alarms are about: cells, and gateways themselves. */
export const ABOUT_KINDS = ['camera', 'relay', 'broadcast', 'incident', 'recording', 'gateway'] as const;

/** What is wrong, with what. */
export const TroubleSchema = Type.Object({
  cause: Type.Enum([...CAUSES]),
  about: Type.Object({ kind: Type.Enum([...ABOUT_KINDS]), id: IdSchema }),
  title: Type.String({ description: 'what a person calls it' }),
  text: Type.String({ description: 'what is wrong with it' }),
  cameras: Type.Array(Type.String(), { description: 'the cameras that have a part in it' }),
  zone: Type.String({ description: 'theirs; empty: it is about no camera' }),
});
export type Trouble = Type.Static<typeof TroubleSchema>;

/** The longest note that somebody may leave who acknowledges. */
export const LONGEST_NOTE = 500;
const Note = Type.String({ minLength: 1, maxLength: LONGEST_NOTE });

/** Everything an alarm cell may hear. */
export const alarmHeard = {
  'cause.present': shape('cause.present', TroubleSchema),
  'cause.gone': shape('cause.gone', Type.Object({ text: Type.String({ description: 'how it stands instead' }) })),
  'alarm.acknowledged': shape('alarm.acknowledged', Type.Object({ ...doer, note: Type.Optional(Note) })),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type AlarmHeard = {
  [T in keyof typeof alarmHeard]: { type: T } & Of<(typeof alarmHeard)[T]>;
}[keyof typeof alarmHeard];

/** Who has acknowledged an alarm, and when. */
export const AcknowledgedSchema = Type.Object({
  ...doer,
  at: Type.Number({ description: 'epoch ms' }),
  note: Type.Optional(Type.String()),
});
export type Acknowledged = Type.Static<typeof AcknowledgedSchema>;

/** What every alarm fact says; the fact's type is `alarm.<state>`. */
export const AlarmFactSchema = Type.Object({
  ...TroubleSchema.properties,
  state: Type.Enum([...ALARM_STATES]),
  from: before(ALARM_STATES),
  since: Type.Number(),
  why: WhySchema,
  raised_at: Type.Number({ description: 'epoch ms' }),
  acknowledged: Type.Optional(AcknowledgedSchema),
});
export const alarmSaid = ['alarm.raised', 'alarm.acknowledged', 'alarm.cleared'] as const;
