import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Envelope, envelope } from '../../bus/envelope.ts';
import { isId } from '../../bus/identity.ts';
import { BadDuration, durationMs } from '../config/durations.ts';
import { type ServerEvent, serverEvents } from './event-stream.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { refused, send } from './request.ts';
import { CommandFailed, misused, patiently, printable, type Terminal } from './terminal.ts';

interface LogOptions extends CommonOptions {
  camera: string[];
  since?: string;
  follow?: boolean;
}

/** Where a log starts: behind a sequence, and not before a moment. */
interface Start {
  after?: number;
  notBeforeMs: number;
}

/** What was told so far has been read when nothing more comes for this long. */
const QUIET_MS = 700;
const LONGEST_PAUSE_MS = 5_000;

/** `signalbox log`: what cameras, viewers and relays said, with why; with `--follow` also what they say next. */
export function logCommand(command: Command, out: Terminal): void {
  command
    .description('print events: every change of a camera, viewer or relay, and why')
    .option('--camera <ID...>', 'only of these cameras and their viewers', [])
    .option(
      '--since <T>',
      'from a time back (15m), a moment (2026-01-31T03:12), or behind a sequence (1234); default 1h, with --follow now',
    )
    .option('--follow', 'go on with what comes, over every interruption, without a gap')
    .action(async (options: LogOptions) => {
      const bad = options.camera.find((camera) => !isId(camera));
      if (bad !== undefined) throw misused(`--camera ${bad}: expected the id of a camera, such as cam_001`);
      const start = startOf(options, Date.now());
      const to = reach(options, out);
      const print = (event: ServerEvent) => printEvent(out, event, start, options.json ?? false);
      if (options.follow) await follow(out, to, options, start, print);
      else await untilQuiet(await open(out, to, options, start.after), print);
    });
}

/** @throws CommandFailed when the text names no moment */
function startOf({ since, follow }: LogOptions, nowMs: number): Start {
  if (since === undefined) return follow ? { notBeforeMs: 0 } : { after: 0, notBeforeMs: nowMs - 3_600_000 };
  if (/^[0-9]{1,15}$/.test(since)) return { after: Number(since), notBeforeMs: 0 };
  try {
    return { after: 0, notBeforeMs: nowMs - durationMs(since) };
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  const moment = Date.parse(since);
  if (Number.isNaN(moment)) {
    throw misused(
      `--since ${since}: expected a time back such as 15m, a moment such as 2026-01-31T03:12, or a sequence`,
    );
  }
  return { after: 0, notBeforeMs: moment };
}

/** Opens the event stream. @throws CommandFailed */
async function open(out: Terminal, to: Reach, { camera }: LogOptions, after: number | undefined) {
  const query = new URLSearchParams();
  if (camera.length > 0) query.set('cameras', camera.join(','));
  if (after !== undefined) query.set('after', String(after));
  const stop = new AbortController();
  const opening = send(to, 'GET', `/api/v1/events?${query}`, undefined, {
    headers: { accept: 'text/event-stream' },
    signal: stop.signal,
  });
  const response = await patiently(out, `waiting for ${to.url}`, opening);
  if (!response.ok) throw refused(to, response, ((await response.json().catch(() => ({}))) ?? {}) as object);
  return { events: serverEvents(response.body as unknown as AsyncIterable<Uint8Array>), stop };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function untilQuiet({ events, stop }: Opened, print: (event: ServerEvent) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const rearm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), QUIET_MS);
  };
  rearm();
  try {
    for await (const event of events) {
      rearm();
      print(event);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw new CommandFailed(`the event stream broke off: ${String(error)}`);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** Reads on for ever; after an interruption from the last sequence seen. Only a refusal ends it. */
async function follow(
  out: Terminal,
  to: Reach,
  options: LogOptions,
  start: Start,
  print: (event: ServerEvent) => void,
): Promise<never> {
  let { after } = start;
  let everOpen = false;
  for (let pauseMs = 250; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    let said = 'it ended';
    try {
      const { events } = await open(out, to, options, after);
      if (everOpen) out.note(`connected again${after === undefined ? '' : `, going on after ${after}`}`);
      everOpen = true;
      for await (const event of events) {
        pauseMs = 250;
        if (event.id !== undefined && /^[0-9]+$/.test(event.id)) after = Number(event.id);
        print(event);
      }
    } catch (error) {
      if (error instanceof CommandFailed && !everOpen) throw error;
      said = (error as Error).message;
    }
    out.note(`the event stream is interrupted (${said}); trying again`);
    await wait(pauseMs);
  }
}

function printEvent(out: Terminal, event: ServerEvent, { notBeforeMs }: Start, asJson: boolean): void {
  let said: unknown;
  try {
    said = JSON.parse(event.data);
  } catch {
    return;
  }
  if (!envelope.check(said)) return;
  if (Date.parse(said.time) < notBeforeMs) return;
  if (asJson) out.print(JSON.stringify(event.id === undefined ? said : { ...said, sequence: event.id }));
  else out.print(lineOf(out, said));
}

/** One event as a person reads it: when, who, what, why. */
function lineOf(out: Terminal, { time, type, subject, data }: Envelope): string {
  const [kind = '', name = ''] = subject.split('/');
  const event = type.split('.').at(-1) ?? type;
  const why = (data.why as { text?: unknown } | undefined)?.text;
  const camera = kind === 'viewer' ? ` ${printable(data.camera)}` : '';
  const took = typeof data.recover_ms === 'number' ? ` (dark for ${Math.round(data.recover_ms)} ms)` : '';
  const at = localTime(new Date(time));
  const who = `${printable(kind)} ${printable(name)}${camera}`;
  return `${out.paint(at, 'faint')}  ${who}  ${out.paint(printable(event), 'strong')}  ${printable(why)}${took}`.trimEnd();
}

function localTime(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
