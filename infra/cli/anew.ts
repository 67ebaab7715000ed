import { type Decision, decideAnew, type Otherwise } from '../../actors/anew.ts';
import type { Recorded } from './recorded.ts';
import { printable, type Terminal } from './terminal.ts';

/** `signalbox replay --decide-anew`: where the machines of today decide otherwise than those that were there. */
export async function tellAnew(out: Terminal, { lines, until }: Recorded, json: boolean): Promise<void> {
  const anew = decideAnew();
  const { at = Number.POSITIVE_INFINITY, seq = Number.POSITIVE_INFINITY } = until;
  for await (const line of lines) {
    const entry = 'checkpoint' in line ? line.checkpoint : 'record' in line ? line.record : undefined;
    if (entry && entry.seq <= seq && (entry.record.heard[0]?.at ?? 0) <= at) anew.take(entry);
  }
  const otherwise = anew.otherwise();
  if (json) return out.printJson({ decided: anew.decided(), otherwise });
  for (const one of otherwise) for (const text of linesOf(one)) out.print(printable(text));
  const count = otherwise.length === 0 ? 'all as they were' : `${otherwise.length} otherwise`;
  out.print(`${anew.decided()} records decided anew, ${count}`);
}

/** One record decided otherwise, as a person reads it. */
function linesOf({ at, seq, heardAt, heard, then, now, fault }: Otherwise): string[] {
  return [
    `${new Date(heardAt).toISOString()}  ${at.kind} ${at.id}  sequence ${seq}: heard ${heard.join(', ')}`,
    `  then: ${sentenceOf(then)}`,
    now ? `  now:  ${sentenceOf(now)}` : `  now:  can't hear it: ${fault}`,
    ...(now ? placesOf(then, now).map((place) => `  differs at ${place}`) : []),
  ];
}

function sentenceOf({ said, after }: Decision): string {
  const { state } = after.context as { state?: string };
  const words = said.map(({ type, data }) => {
    const why = (data as { why?: { text?: string } }).why?.text;
    return why ? `${type} (${why})` : type;
  });
  return `${state ?? JSON.stringify(after.value)}${words.length > 0 ? `; said ${words.join(', ')}` : ''}`;
}

const MOST_PLACES = 5;

/** The places at which two values differ, as JSON pointers. */
function placesOf(then: unknown, now: unknown, at = ''): string[] {
  const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object';
  if (!isObject(then) || !isObject(now)) return JSON.stringify(then) === JSON.stringify(now) ? [] : [at || '/'];
  const keys = new Set([...Object.keys(then), ...Object.keys(now)]);
  return [...keys].flatMap((key) => placesOf(then[key], now[key], `${at}/${key}`)).slice(0, MOST_PLACES);
}
