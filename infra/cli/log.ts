import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Envelope } from '../../bus/envelope.ts';
import { isId } from '../../bus/identity.ts';
import { type Heard, newestSequence, openEvents, readEvents, sequenceBefore } from './log-source.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { CommandFailed, misused, printable, type Terminal } from './terminal.ts';

interface LogOptions extends CommonOptions {
  camera: string[];
  since?: string;
  follow?: boolean;
}

/** Where a log starts: behind a sequence, or at a moment. */
type Start = { after: number } | { fromMs: number } | 'now';

const LONGEST_PAUSE_MS = 5_000;

/** Ends of a stream that say nothing about the camera or the network: it is opened again without a word. */
const ORDINARY_ENDS = new Set(['expired']);

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
      const newest = await newestSequence(out, to);
      const after = await afterOf(out, to, start, newest);
      const fromMs = start !== 'now' && 'fromMs' in start ? start.fromMs : 0;
      const hear = (heard: Heard) => show(out, heard, options, fromMs);
      if (options.follow) await follow(out, to, after, hear);
      else await readEvents(out, to, after, newest, hear);
    });
}

/** @throws CommandFailed when the text names no moment */
function startOf({ since, follow: follows }: LogOptions, nowMs: number): Start {
  if (since === undefined) return follows ? 'now' : { fromMs: nowMs - 3_600_000 };
  const moment = momentOf(since, nowMs);
  if (moment?.seq !== undefined) return { after: moment.seq };
  if (moment?.at !== undefined) return { fromMs: moment.at };
  throw misused(`--since ${since}: expected a time back such as 15m, a moment such as 2026-01-31T03:12, or a sequence`);
}

async function afterOf(out: Terminal, to: Reach, start: Start, newest: number): Promise<number> {
  if (start === 'now') return newest;
  return 'after' in start ? start.after : sequenceBefore(out, to, start.fromMs, newest);
}

/** Reads on for ever; after an interruption from the last sequence seen. Only a refusal at the start ends it. */
async function follow(out: Terminal, to: Reach, from: number, hear: (heard: Heard) => void): Promise<never> {
  let after = from;
  let interrupted = false;
  for (let pauseMs = 250, opened = 0; ; ) {
    let said = 'the gateway closed it';
    try {
      const { heard } = await openEvents(out, to, after);
      opened += 1;
      if (interrupted) out.note(`connected again; going on after sequence ${after}`);
      interrupted = false;
      for await (const one of heard) {
        pauseMs = 250;
        after = one.sequence ?? after;
        if (one.ended !== undefined) said = one.ended;
        else hear(one);
      }
    } catch (error) {
      if (error instanceof CommandFailed && opened === 0) throw error;
      said = (error as Error).message;
    }
    if (ORDINARY_ENDS.has(said)) continue;
    if (!interrupted) out.note(`the event stream is interrupted (${printable(said)}); trying again`);
    interrupted = true;
    await wait(pauseMs);
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
  }
}

const LEFT_OUT: Record<string, string> = {
  slow: 'events came faster than they were read; some are left out here',
  gone: 'older events are no longer kept',
  lost: 'the store has lost events here; its files were damaged or deleted',
  ahead: 'there is no such sequence yet; showing what comes',
};

function show(out: Terminal, heard: Heard, { camera, json }: LogOptions, fromMs: number): void {
  if (heard.leftOut !== undefined) out.note(`note: ${LEFT_OUT[heard.leftOut] ?? heard.leftOut}`);
  const { envelope: said, sequence } = heard;
  if (!said || Date.parse(said.time) < fromMs) return;
  if (camera.length > 0 && !camera.includes(cameraOf(said))) return;
  out.print(json ? JSON.stringify(sequence === undefined ? said : { ...said, sequence }) : lineOf(out, said));
}

/** The camera that an event is about; empty for a relay's. */
function cameraOf({ subject, data }: Envelope): string {
  const [kind = '', name = ''] = subject.split('/');
  return ['camera', 'rendition', 'sound'].includes(kind) ? name : typeof data.camera === 'string' ? data.camera : '';
}

/** One event as a person reads it: when, who, what, why. */
function lineOf(out: Terminal, said: Envelope): string {
  const [kind = '', name = ''] = said.subject.split('/');
  const event = said.type.split('.').at(-1) ?? said.type;
  const why = (said.data.why as { text?: unknown } | undefined)?.text;
  const who = kind === 'viewer' ? `viewer ${printable(said.data.subject)} of ${cameraOf(said)}` : `${kind} ${name}`;
  const took = typeof said.data.recover_ms === 'number' ? ` (dark for ${Math.round(said.data.recover_ms)} ms)` : '';
  const at = out.paint(localTime(new Date(said.time)), 'faint');
  return `${at}  ${printable(who).padEnd(18)}  ${out.paint(printable(event).padEnd(11), 'strong')}  ${printable(why)}${took}`.trimEnd();
}

function localTime(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
