import Type from 'typebox';
import { envelope } from '../../bus/envelope.ts';
import { ID_PATTERN, IdSchema } from '../../bus/identity.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { leftOut, type Resync } from './streams.ts';
import type { Wanted } from './wanted.ts';

const List = (pattern: string, description: string) =>
  Type.Optional(Type.Array(Type.String({ pattern, maxLength: 200 }), { maxItems: 1000, description }));

/** What a reader over NATS may ask who was away. */
export const ResumeSchema = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: '`next` of the last answer; without it there are no items, and `next` tells where the facts stand',
      }),
    ),
    types: List('^[a-z]+(\\.[a-z-]+)*(\\.\\*)?$', 'for instance camera.live, viewer'),
    cameras: List(ID_PATTERN, 'ids'),
    zones: List('^[a-z0-9_*/-]+$', 'zones and patterns such as hcm/*'),
  },
  { additionalProperties: false },
);
export const resume = shape('ask for what was missed', ResumeSchema);

const RESYNCS = ['gone', 'lost', 'ahead'] as const satisfies readonly Resync[];

/** What it is answered. */
export const PageSchema = Type.Object({
  items: Type.Array(Type.Intersect([envelope.schema, Type.Object({ sequence: Type.Integer({ minimum: 1 }) })]), {
    description: 'what it may hear of what was told after that sequence, in order',
  }),
  next: Type.Integer({ minimum: 0, description: 'ask on after this sequence' }),
  more: Type.Boolean({ description: 'there is more by now' }),
  resync: Type.Optional(
    Type.Enum([...RESYNCS], {
      description:
        'between the items and `next`, facts are missing: they are older than what is kept, the store has lost them, or it ends before the sequence that was asked after; look at everything anew',
    }),
  ),
  cameras: Type.Optional(
    Type.Array(IdSchema, { description: 'those whose facts it may hear now; absent: it hears every fact' }),
  ),
});

/** Facts in order, each with its sequence, and where to go on. */
export interface FactPage {
  items: (Of<typeof envelope> & { sequence: number })[];
  next: number;
  more: boolean;
  resync?: Resync;
}

/** What such an ask wants of what may be heard. */
export const wantedOf = ({ types = [], cameras = [], zones = [] }: Of<typeof resume>): Wanted => ({
  types,
  cameras,
  zones,
});

/** What one page may cost: facts and bytes that are sent, and facts that are looked at. */
const ITEMS = 500;
const BYTES = 256 * 1024;
const LOOKED_AT = 5_000;

/**
 * Reads what was told after a sequence, up to what is there now, as far as one page goes.
 * @param after undefined: only where the facts stand
 * @param sees whether a fact is for whoever asks
 * @throws JournalAway
 */
export async function pageAfter(
  facts: Pick<Facts, 'range' | 'read'>,
  after: number | undefined,
  sees: (fact: Of<typeof envelope>) => boolean,
): Promise<FactPage> {
  const range = await facts.range();
  if (after === undefined) return { items: [], next: range.last, more: false };
  const missing = leftOut(after, range);
  if (missing) {
    const { sequence, reason } = missing;
    return { items: [], next: sequence, more: sequence < range.last, resync: reason };
  }
  const items: FactPage['items'] = [];
  let next = after;
  let bytes = 0;
  for await (const { seq, envelope: fact } of facts.read({ after })) {
    if (items.length === ITEMS || bytes > BYTES || next - after === LOOKED_AT) return { items, next, more: true };
    // Facts are numbered without a gap.
    if (seq > next + 1) return { items, next: seq - 1, more: true, resync: 'lost' };
    next = seq;
    if (!sees(fact)) continue;
    const item = { ...fact, sequence: seq };
    items.push(item);
    bytes += JSON.stringify(item).length;
  }
  return { items, next, more: false };
}
