import Type from 'typebox';
import { type Envelope, envelope } from '../../bus/envelope.ts';
import { shape } from '../../bus/shape.ts';
import { type ServerEvent, serverEvents } from '../client/runtime/event-stream.ts';
import type { Reach } from './reach.ts';
import { refused, send } from './request.ts';
import { CommandFailed, patiently, type Terminal } from './terminal.ts';

/** An event, or word of how far the stream has come. */
export interface Heard {
  sequence?: number;
  envelope?: Envelope;
  /** Events were left out; here is why: `slow`, `gone` (no longer kept), `ahead` (there is no such sequence yet). */
  leftOut?: string;
  /** The gateway ended the stream; a reason such as `expired` or `gateway-stopping`. */
  ended?: string;
}

/** An open event stream. */
export interface Opened {
  heard: AsyncIterable<Heard>;
  close(): void;
}

const resync = shape('resync', Type.Object({ sequence: Type.Number(), reason: Type.String() }));
const end = shape('end', Type.Object({ reason: Type.String() }));

/** Beyond every sequence there will ever be: the answer to it tells the newest one. */
const BEYOND = 999_999_999_999_999;

/** A stretch that is read whole rather than searched. */
const SHORT = 300;

/** How long to wait for an event that ought to be there. */
const PATIENCE_MS = 3_000;

/** And for the one answer that always comes: nothing instead of it would look like an empty log. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Opens the event stream.
 * @param after the last sequence already seen; undefined: only what comes
 * @throws CommandFailed
 */
export async function openEvents(out: Terminal, to: Reach, after: number | undefined): Promise<Opened> {
  const stop = new AbortController();
  const query = after === undefined ? '' : `?after=${after}`;
  const opening = send(to, 'GET', `/api/v1/events${query}`, undefined, {
    headers: { accept: 'text/event-stream' },
    signal: stop.signal,
  });
  const response = await patiently(out, `waiting for ${to.url}`, opening);
  if (!response.ok || !response.body) {
    throw refused(to, response, ((await response.json().catch(() => ({}))) ?? {}) as object);
  }
  const body = response.body as unknown as AsyncIterable<Uint8Array>;
  return { heard: heardIn(serverEvents(body), stop.signal), close: () => stop.abort() };
}

async function* heardIn(events: AsyncIterable<ServerEvent>, stopped: AbortSignal): AsyncGenerator<Heard> {
  try {
    for await (const event of events) yield heardFrom(event);
  } catch (error) {
    if (!stopped.aborted) throw error;
  }
}

function heardFrom({ id, event, data }: ServerEvent): Heard {
  const sequence = id !== undefined && /^[0-9]{1,15}$/.test(id) ? { sequence: Number(id) } : {};
  let said: unknown;
  try {
    said = data ? JSON.parse(data) : undefined;
  } catch {
    return sequence;
  }
  if (event === 'resync' && resync.check(said)) return { sequence: said.sequence, leftOut: said.reason };
  if (event === 'end' && end.check(said)) return { ...sequence, ended: said.reason };
  return envelope.check(said) ? { ...sequence, envelope: said } : sequence;
}

/** The newest sequence there is; 0 before the first. @throws CommandFailed when the gateway does not tell it in time */
export async function newestSequence(out: Terminal, to: Reach): Promise<number> {
  const answer = await first(out, to, BEYOND, ({ sequence }) => sequence !== undefined, ANSWER_WITHIN_MS);
  if (answer?.sequence !== undefined) return answer.sequence;
  throw new CommandFailed(
    `${to.url} did not tell its newest event within ${ANSWER_WITHIN_MS / 1000} s: it is very busy, or its event log is away; \`signalbox status\` tells which`,
  );
}

/**
 * The sequence behind which everything that happened since a moment lies. Sequences grow with time, so a dozen looks
 * find it among a million events.
 */
export async function sequenceBefore(out: Terminal, to: Reach, momentMs: number, newest: number): Promise<number> {
  let low = 0;
  let high = newest;
  while (high - low > SHORT) {
    const middle = Math.floor((low + high) / 2);
    const found = await first(out, to, middle, ({ envelope: said }) => said !== undefined);
    if (!found?.envelope || found.sequence === undefined) return low;
    if (Date.parse(found.envelope.time) < momentMs) low = found.sequence;
    else high = middle;
  }
  return low;
}

/** The first thing heard after a sequence that is of a kind; undefined when none comes. */
async function first(
  out: Terminal,
  to: Reach,
  after: number,
  isWanted: (heard: Heard) => boolean,
  withinMs = PATIENCE_MS,
): Promise<Heard | undefined> {
  const { heard, close } = await openEvents(out, to, after);
  const timer = setTimeout(close, withinMs);
  try {
    for await (const one of heard) if (isWanted(one)) return one;
    return undefined;
  } finally {
    clearTimeout(timer);
    close();
  }
}

/**
 * Reads from one sequence up to another, then ends; also when the rest may not be seen, or nothing comes any more.
 * @throws CommandFailed when the stream breaks off
 */
export async function readEvents(
  out: Terminal,
  to: Reach,
  after: number,
  upTo: number,
  hear: (heard: Heard) => void,
): Promise<void> {
  if (after >= upTo) return;
  const { heard, close } = await openEvents(out, to, after);
  const timer = setTimeout(close, PATIENCE_MS);
  try {
    for await (const one of heard) {
      timer.refresh();
      hear(one);
      if (one.ended !== undefined || (one.sequence ?? 0) >= upTo) return;
    }
  } catch (error) {
    throw new CommandFailed(`the event stream broke off: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    close();
  }
}
