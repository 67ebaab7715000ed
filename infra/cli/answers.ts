import Type from 'typebox';
import { doer } from '../../bus/events/doer.ts';
import { HistorySchema, HistoryWishSchema } from '../../bus/events/history.ts';
import { type Of, shape } from '../../bus/shape.ts';

/** What the commands read of the gateway's answers: a part of each, so that newer gateways may say more. */

const text = Type.Optional(Type.String());
const number = Type.Optional(Type.Number());
const Moment = Type.Optional(Type.Union([Type.Number(), Type.String()]));
const WhyText = Type.Optional(Type.Object({ text, reason: text }));
const list = <S extends Type.TSchema>(item: S) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.Union([Type.String(), Type.Null()])) });

const Camera = Type.Object({
  id: Type.String(),
  name: Type.String(),
  zone: Type.String(),
  state: Type.String(),
  since: Moment,
  why: WhyText,
  sources: Type.Optional(Type.Array(Type.Object({ id: Type.String(), url: text, state: text, why: WhyText }))),
  active_source: text,
  active_why: WhyText,
  keep: text,
  record: Type.Optional(Type.Object({ keep_ms: Type.Number() })),
  origin: text,
  viewers: number,
  width: number,
  height: number,
  fps: number,
  bitrate_bps: number,
  codec: text,
});
export type CameraAnswer = Type.Static<typeof Camera>;
export const cameraAnswer = shape('camera answer', Camera);
export const camerasAnswer = shape('list of cameras', list(Camera));

const Device = Type.Object({
  urn: Type.String(),
  url: Type.String(),
  from: text,
  name: text,
  hardware: text,
  cameras: Type.Optional(Type.Array(Type.String())),
});
export const devicesAnswer = shape('list of devices', list(Device));

const Relay = Type.Object({
  id: Type.String(),
  role: Type.String(),
  region: text,
  state: Type.String(),
  since: Moment,
  why: WhyText,
  sessions: number,
  max_readers: number,
  drain: Type.Optional(Type.Object({ by: text })),
});
export type RelayAnswer = Type.Static<typeof Relay>;
export const relayAnswer = shape('relay answer', Relay);
export const relaysAnswer = shape('list of relays', list(Relay));

export const sessionsAnswer = shape(
  'list of sessions',
  list(
    Type.Object({
      id: Type.String(),
      camera: Type.String(),
      state: Type.String(),
      subject: text,
      relay: text,
      figures: Type.Optional(Type.Object({ at: Type.Number(), gap_ms: number })),
    }),
  ),
);
export type SessionAnswer = Of<typeof sessionsAnswer>['items'][number];

const Broadcast = Type.Object({
  id: Type.String(),
  camera: Type.String(),
  destination: Type.String(),
  to: Type.String(),
  relay: Type.String(),
  state: Type.String(),
  since: Moment,
  why: WhyText,
  picture: Type.Boolean(),
});
export type BroadcastAnswer = Type.Static<typeof Broadcast>;
export const broadcastAnswer = shape('broadcast answer', Broadcast);
export const broadcastsAnswer = shape('list of broadcasts', list(Broadcast));

const Incident = Type.Object({
  id: Type.String(),
  zone: Type.String(),
  cameras: Type.Array(Type.String()),
  reason: Type.String(),
  ...doer,
  until: Type.Number(),
  drill: Type.Boolean(),
  state: Type.String(),
  why: WhyText,
});
export type IncidentAnswer = Type.Static<typeof Incident>;
export const incidentAnswer = shape('incident answer', Incident);
export const incidentsAnswer = shape('list of incidents', list(Incident));

const Alarm = Type.Object({
  id: Type.String(),
  state: Type.String(),
  title: Type.String(),
  text: Type.String(),
  raised_at: Type.Number(),
  acknowledged: Type.Optional(Type.Object({ ...doer, at: Type.Number(), note: text })),
});
export type AlarmAnswer = Type.Static<typeof Alarm>;
export const alarmAnswer = shape('alarm answer', Alarm);
export const alarmsAnswer = shape('list of alarms', list(Alarm));

const Service = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Type.String(),
  cameras: Type.Array(Type.String()),
  zones: Type.Array(Type.String()),
  history: Type.Optional(HistorySchema),
  state: Type.String(),
  expires_at: Type.Number(),
  by: Type.String(),
  token: Type.Optional(Type.String()),
});
export type ServiceAnswer = Type.Static<typeof Service>;
export const serviceAnswer = shape('service token answer', Service);
export const servicesAnswer = shape('list of service tokens', list(Service));

const Holder = Type.Object({
  kind: Type.String(),
  subject: Type.String(),
  name: Type.Optional(Type.String()),
  role: Type.Optional(Type.String()),
  may: Type.Array(Type.String()),
  history: Type.Optional(HistoryWishSchema),
  why: Type.String(),
  until: Type.Optional(Type.Number()),
});
export type HolderAnswer = Type.Static<typeof Holder>;
export const rightsAnswer = shape(
  'rights answer',
  Type.Object({ holders: Type.Array(Holder), unlisted: Type.String() }),
);

const Between = { from: Type.Number(), to: Type.Number() };
export const recordingAnswer = shape(
  'recording answer',
  Type.Object({
    camera: Type.String(),
    state: Type.String(),
    why: WhyText,
    keep_ms: Type.Number(),
    ...Between,
    bytes: Type.Number(),
    ranges: Type.Array(Type.Object({ ...Between, source: Type.String(), bytes: Type.Number() })),
    gaps: Type.Array(Type.Object({ ...Between, why: WhyText })),
    protections: Type.Array(
      Type.Object({ holder: Type.String(), from: Type.Number(), to: number, name: text, by: text, by_name: text }),
    ),
    history: Type.Optional(Type.Object({ from: Type.Number(), why: WhyText })),
  }),
);
export const bookmarkAnswer = shape(
  'bookmark answer',
  Type.Object({ ...Between, id: Type.String(), camera: Type.String(), name: Type.String(), bytes: Type.Number() }),
);
export type RecordingAnswer = Of<typeof recordingAnswer>;

export const readyAnswer = shape(
  'readiness',
  Type.Object({
    status: text,
    reasons: Type.Optional(Type.Array(Type.Object({ part: text, state: text, text }))),
  }),
);
export type ReadyAnswer = Of<typeof readyAnswer>;

/** A moment as epoch milliseconds; undefined when it is none. */
export function momentMs(moment: number | string | undefined): number | undefined {
  const ms = typeof moment === 'string' ? Date.parse(moment) : moment;
  return ms === undefined || Number.isNaN(ms) ? undefined : ms;
}
