import Type from 'typebox';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { STATES } from '../../bus/catalog.ts';
import { type Why, WhySchema } from '../../bus/events/why.ts';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import { KINDS, parseFactType } from '../../bus/subjects.ts';
import { callerOf } from './door.ts';
import { Refusal } from './errors.ts';
import { wantedIn, wantedQuery } from './events.ts';
import type { Server } from './fastify.ts';
import { mayHear, placeIn, zonesBy } from './hearing.ts';
import { Sequence } from './journal.ts';
import type { HttpServices } from './services.ts';
import { redacted } from './sight.ts';
import { isWanted } from './wanted.ts';

const Moment = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: `epoch ms: ${description}` }));

const querySchema = Type.Object({
  ...wantedQuery,
  from: Moment('where it begins; default an hour before its end'),
  to: Moment('where it ends; default now'),
  after: Sequence('go on behind this sequence'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20_000 })),
});

const Optional = { text: Type.Optional(Type.String()), number: Type.Optional(Type.Number()) };
const ItemSchema = Type.Object({
  seq: Type.Integer(),
  at: Type.Number({ description: 'epoch ms' }),
  type: Type.String({ description: 'for instance camera.live' }),
  kind: Type.Enum([...KINDS]),
  id: Type.String(),
  camera: Optional.text,
  zone: Optional.text,
  subject: Type.Optional(Type.String({ description: 'who watches, for a viewer' })),
  state: Type.Optional(Type.Enum([...STATES])),
  from: Type.Optional(Type.String({ description: 'the state before' })),
  why: Type.Optional(WhySchema),
  detect_ms: Optional.number,
  recover_ms: Optional.number,
  by: Type.Optional(Type.String({ description: 'the operator whose action it was' })),
});
const TimelineSchema = Type.Object({
  from: Type.Number(),
  to: Type.Number(),
  items: Type.Array(ItemSchema),
  truncated: Type.Boolean({ description: 'there is more: go on with ?after= `next`' }),
  oldest: Type.Union([Type.Object({ seq: Type.Integer(), at: Type.Number() }), Type.Null()], {
    description: 'the oldest event that is kept',
  }),
  next: Type.Union([Type.Integer(), Type.Null()]),
});

const HOUR_MS = 3_600_000;
/** One question may cost reading this many events; then the answer says where to go on. */
const READ_AT_ONCE = 200_000;
/** What was told late, after an outage, may stand this far behind what came after it. */
const LATE_MS = 60_000;

const atOf = ({ envelope }: Told): number => Date.parse(envelope.time);
const textOr = (value: unknown) => (typeof value === 'string' ? value : undefined);
const numberOr = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** An event as the time line shows it. */
function show(told: Told, caller: LoginClaims) {
  const { envelope } = told;
  const { address } = parseFactType(envelope);
  const place = placeIn(envelope);
  const { data } = redacted(caller, place, { data: envelope.data });
  const why = data.why as Why | undefined;
  return {
    seq: told.seq,
    at: atOf(told),
    type: envelope.type.replace(/^signalbox\./, ''),
    kind: address.kind,
    id: address.id,
    camera: place?.camera,
    zone: place?.zone,
    subject: textOr(data.subject),
    state: textOr(data.state),
    from: textOr(data.from),
    why,
    detect_ms: numberOr(data.detect_ms),
    recover_ms: numberOr(data.recover_ms),
    by: textOr(data.by_name ?? data.by ?? why?.guard?.by_name ?? why?.guard?.by),
  };
}

async function oldestOf(facts: Facts): Promise<{ seq: number; at: number } | null> {
  for await (const told of facts.read({ after: 0 })) return { seq: told.seq, at: atOf(told) };
  return null;
}

/** `GET /api/v1/timeline`: what happened between two moments, oldest first. */
export function timelineRoutes(server: Server, { facts, cells }: HttpServices): void {
  server.get(
    '/api/v1/timeline',
    { schema: { tags: ['events'], querystring: querySchema, response: { 200: TimelineSchema } } },
    async (request) => {
      const { to = Date.now(), after, limit = 5_000 } = request.query;
      const { from = Math.max(0, to - HOUR_MS) } = request.query;
      if (from > to) throw new Refusal(400, 'bad-request', '?from= lies behind ?to=: exchange them.');
      const caller = callerOf(request);
      const zones = zonesBy({ cells });
      const wanted = wantedIn(request.query);
      const items: ReturnType<typeof show>[] = [];
      let reached = after ?? 0;
      let read = 0;
      let truncated = false;
      for await (const told of facts.read(after === undefined ? { since: from } : { after })) {
        const at = atOf(told);
        if (at > to + LATE_MS) break;
        truncated = items.length === limit || read === READ_AT_ONCE;
        if (truncated) break;
        reached = told.seq;
        read += 1;
        if (at < from || at > to || !isWanted(wanted, told.envelope)) continue;
        if (!mayHear(caller, told.envelope, zones)) continue;
        items.push(show(told, caller));
      }
      // What was told late stands where it happened.
      items.sort((a, b) => a.at - b.at || a.seq - b.seq);
      return { from, to, items, truncated, oldest: await oldestOf(facts), next: truncated ? reached : null };
    },
  );
}
