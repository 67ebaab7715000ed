import Type from 'typebox';
import { foldPast, type Past } from '../../actors/past.ts';
import { type Moment, type Readings, stretch } from '../../actors/stretch.ts';
import { envelope } from '../../bus/envelope.ts';
import type { Facts, Told } from '../../bus/ports/facts.ts';
import type { JournalEntry } from '../../bus/ports/journal.ts';
import { RecordSchema } from '../../bus/record-shape.ts';
import { shape } from '../../bus/shape.ts';
import { withoutSecrets } from '../secrecy.ts';

/**
 * A line of an archive, as JSON. `checkpoint`: the last record of a cell before the stretch, from which it goes on;
 * `record`: what a cell heard within it; `fact`: what was told within it; `end`: nothing is missing.
 */
export type Line = { checkpoint: JournalEntry } | { record: JournalEntry } | { fact: Told } | { end: true };

const entry = Type.Object({ seq: Type.Integer({ minimum: 0 }), record: RecordSchema });
const lineShape = shape(
  'line of an archive',
  Type.Union([
    Type.Object({ checkpoint: entry }),
    Type.Object({ record: entry }),
    Type.Object({ fact: Type.Object({ seq: Type.Integer({ minimum: 0 }), envelope: envelope.schema }) }),
    Type.Object({ end: Type.Literal(true) }),
  ]),
);
/** Whether parsed text is a line of an archive. */
export const isLine = (value: unknown): value is Line => lineShape.check(value);

/** Between which moments; nothing means from the first, or to the newest. */
export interface Window {
  from?: Moment;
  to?: Moment;
}

/** The clocks of gateways differ a little, and what was told late may stand behind what came after it. */
const LATE_MS = 60_000;

/** All that was heard and told in a window, as lines. @throws JournalAway */
export async function* linesIn(
  journal: Readings,
  facts: Pick<Facts, 'read'> | undefined,
  { from, to }: Window,
): AsyncGenerator<Line> {
  /** What a gateway said that was cut off: it was told when that was over, however long it took. */
  const late = new Set<string>();
  for await (const { entry, isTrusted } of stretch(journal, { ...(from ? { from } : {}), ...(to ? { to } : {}) })) {
    if (!isTrusted && entry.record.late) for (const { id } of entry.record.said) late.add(id);
    yield isTrusted ? { checkpoint: entry } : { record: entry };
  }
  const first = from?.at ?? 0;
  const last = to?.at ?? Number.POSITIVE_INFINITY;
  for await (const told of facts?.read(first ? { since: first } : { after: 0 }) ?? []) {
    const at = Date.parse(told.envelope.time);
    if (at > last + LATE_MS && late.size === 0) break;
    late.delete(told.envelope.id);
    if (at >= first && at <= last) yield { fact: told };
  }
  yield { end: true };
}

/** No secret is without one of these; most lines have neither, and are left as they are. */
const SUSPICIOUS =
  /@|[?&;][a-z]+=|eyJ|sbs_|scrypt|BEGIN |authorization|cookie|pass|secret|token|\/(?:hls|recordings)\//i;

/** A line's text. Secrets are not journalled; should a sentence or an address ever have brought one along, it goes no further. */
export function textOf(line: Line): string {
  const text = JSON.stringify(line);
  if (!SUSPICIOUS.test(text)) return text;
  return JSON.stringify(line, (_field, value) => (typeof value === 'string' ? withoutSecrets(value) : value));
}

/** Folds lines up to a moment. @param isAsked of which cells to tell; all without it */
export async function foldLines(
  lines: AsyncIterable<Line>,
  until: Moment = {},
  isAsked?: Parameters<typeof foldPast>[1],
): Promise<Past> {
  const past = foldPast(until, isAsked);
  for await (const line of lines) {
    if ('checkpoint' in line) past.trust(line.checkpoint);
    else if ('record' in line) past.take(line.record);
  }
  return past;
}
