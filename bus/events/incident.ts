import Type from 'typebox';
import { IdSchema } from '../identity.ts';
import { type Of, shape } from '../shape.ts';
import { before } from './before.ts';
import { doer } from './doer.ts';
import { HistorySchema } from './history.ts';
import { WhySchema } from './why.ts';

/** Version of the incident machine's events and context. */
export const INCIDENT_VERSION = 4;

/** What an emergency is. */
export const INCIDENT_STATES = ['declared', 'active', 'expiring', 'closed'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Who may watch the cameras of an incident while it runs, beyond their own rights; with `history` they may look back, too. */
export const GrantsSchema = Type.Object(
  {
    roles: Type.Array(Type.Enum(['viewer', 'operator'])),
    subjects: Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 100 }),
    history: Type.Optional(HistorySchema),
  },
  { additionalProperties: false },
);
export type Grants = Type.Static<typeof GrantsSchema>;

/** Everything an incident cell may hear. */
export const incidentHeard = {
  'incident.declared': shape(
    'incident.declared',
    Type.Object({
      zone: Type.String({ description: 'the zone it was declared for; empty: for single cameras' }),
      cameras: Type.Array(IdSchema, { minItems: 1, maxItems: 1000 }),
      reason: Type.String({ minLength: 1, maxLength: 500 }),
      ...doer,
      until: Type.Number({ description: 'epoch ms' }),
      drill: Type.Boolean({ description: 'everything but the pushes is done' }),
      destinations: Type.Array(IdSchema),
      grants: GrantsSchema,
    }),
  ),
  'incident.raised': shape(
    'incident.raised',
    Type.Object({
      cameras: Type.Integer(),
      broadcasts: Type.Integer(),
      best: Type.Boolean({ description: 'the cameras are at their best quality' }),
      failed: Type.Array(Type.String()),
    }),
  ),
  'incident.renewed': shape('incident.renewed', Type.Object({ until: Type.Number(), ...doer })),
  'incident.ended': shape('incident.ended', Type.Object(doer)),
  'alarm.rang': shape('alarm.rang', Type.Object({ name: Type.String() })),
};
export type IncidentHeard = {
  [T in keyof typeof incidentHeard]: { type: T } & Of<(typeof incidentHeard)[T]>;
}[keyof typeof incidentHeard];

/** What every incident fact says; the fact's type is `incident.<state>`, or `incident.renewed`. Whom it lets in is not told to everybody. */
export const IncidentFactSchema = Type.Object({
  zone: Type.String(),
  cameras: Type.Array(Type.String()),
  reason: Type.String(),
  ...doer,
  until: Type.Number(),
  drill: Type.Boolean(),
  destinations: Type.Array(Type.String()),
  state: Type.Enum([...INCIDENT_STATES]),
  from: before(INCIDENT_STATES),
  since: Type.Number(),
  why: WhySchema,
});
export const incidentSaid = [
  'incident.declared',
  'incident.active',
  'incident.renewed',
  'incident.expiring',
  'incident.closed',
] as const;
