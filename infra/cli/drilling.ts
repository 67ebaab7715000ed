import { setTimeout as wait } from 'node:timers/promises';
import type { Envelope } from '../../bus/envelope.ts';
import type { Group } from '../group.ts';
import { relayName } from '../launcher/node-programs.ts';
import type { ProcessState } from '../launcher/process-list.ts';
import { type SessionAnswer, sessionsAnswer } from './answers.ts';
import { newestSequence, readEvents } from './log-source.ts';
import { processesOf } from './processes.ts';
import type { Reach } from './reach.ts';
import { send } from './request.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';

/** What is done to which process. */
export interface Blow {
  process: string;
  signal: 'SIGKILL' | 'SIGSTOP';
}

/** How one viewer came through. */
export interface ViewerResult {
  id: string;
  camera: string;
  subject: string;
  relay_before: string;
  relay_after: string;
  /** Longest interval between two presented frames; absent where no player of ours measured it. */
  gap_ms?: number;
  /** State at the end of the drill; `gone` when the session is no longer there. */
  state: string;
}

const LOOK_MS = 250;

/** Finds a running process of the group by its name, or a relay by its id. @throws CommandFailed when there is none */
export async function processNamed(group: Group, name: string): Promise<ProcessState & { pid: number }> {
  const running = await processesOf(group);
  if (!running)
    throw new CommandFailed('the launcher does not answer, and without it nothing would come back: no drill');
  const found = running.find((one) => one.name === name || one.name === relayName(name));
  if (!found) {
    throw misused(`there is no process ${name}; there are ${running.map((one) => one.name).join(', ')}`);
  }
  const { pid } = found;
  if (pid === undefined) throw new CommandFailed(`${found.name} does not run just now (${found.state})`);
  return { ...found, pid };
}

/** What a drill found. */
export interface DrillResult {
  process: string;
  signal: Blow['signal'];
  at: number;
  /** When the process ran again after it, ms; absent when it did not within the drill. */
  back_ms?: number;
  viewers: ViewerResult[];
  events: { after_ms: number; subject: string; type: string; why?: string; recover_ms?: number }[];
}

/** Does it, and watches every viewer until the time is over. */
export async function drill(out: Terminal, to: Reach, group: Group, blow: Blow, forMs: number): Promise<DrillResult> {
  const before = (await sessionsNow(to)) ?? [];
  const newest = await newestSequence(out, to);
  const { pid } = await processNamed(group, blow.process);
  const at = Date.now();
  process.kill(pid, blow.signal);
  out.note(`${blow.signal} to ${blow.process}; watching ${before.length} viewers for ${Math.round(forMs / 1000)} s`);
  try {
    const watched = await watchOn(out, to, group, { ...blow, pid, at, before, forMs });
    const events = await eventsSince(out, to, newest, at);
    return { process: blow.process, signal: blow.signal, at, ...watched, events };
  } finally {
    if (blow.signal === 'SIGSTOP') await wake(group, blow.process, pid);
  }
}

/** Lets a hung process go on, unless it was replaced meanwhile: its number may belong to another one by then. */
async function wake(group: Group, name: string, pid: number): Promise<void> {
  const now = (await processesOf(group))?.find((one) => one.name === name);
  if (now?.pid === pid) process.kill(pid, 'SIGCONT');
}

interface Watch extends Blow {
  pid: number;
  at: number;
  before: SessionAnswer[];
  forMs: number;
}

/** Looks at every viewer until the time is over. */
async function watchOn(
  out: Terminal,
  to: Reach,
  group: Group,
  watch: Watch,
): Promise<Pick<DrillResult, 'viewers' | 'back_ms'>> {
  const results = new Map(watch.before.map((session) => [session.id, viewerOf(session)]));
  let backMs: number | undefined;
  for (let toldS = 0; Date.now() - watch.at < watch.forMs; ) {
    await wait(LOOK_MS);
    const now = await sessionsNow(to);
    if (now) for (const result of results.values()) look(result, now, watch.at);
    backMs ??= await backAfter(group, watch);
    const seconds = Math.floor((Date.now() - watch.at) / 1000);
    if (seconds < toldS + 5) continue;
    toldS = seconds;
    const moved = [...results.values()].filter((one) => one.relay_after !== one.relay_before).length;
    out.note(
      `${seconds} s: ${watch.process} ${backMs === undefined ? 'is away' : 'runs again'}, ${moved} viewers moved`,
    );
  }
  return { viewers: [...results.values()], ...(backMs === undefined ? {} : { back_ms: backMs }) };
}

async function backAfter(group: Group, { process: name, pid, at }: Watch): Promise<number | undefined> {
  const now = (await processesOf(group))?.find((one) => one.name === name);
  return now?.pid !== undefined && now.pid !== pid && now.state === 'running' ? Date.now() - at : undefined;
}

const viewerOf = ({ id, camera, subject = '', relay = '', state }: SessionAnswer): ViewerResult => ({
  id,
  camera,
  subject,
  relay_before: relay,
  relay_after: relay,
  state,
});

function look(result: ViewerResult, now: SessionAnswer[], at: number): void {
  const session = now.find(({ id }) => id === result.id);
  result.state = session?.state ?? 'gone';
  if (!session) return;
  result.relay_after = session.relay ?? result.relay_after;
  const { figures } = session;
  if (figures?.gap_ms === undefined || figures.at <= at) return;
  result.gap_ms = Math.max(result.gap_ms ?? 0, figures.gap_ms);
}

/** The sessions; undefined while nobody answers, which a drill may well bring about. */
async function sessionsNow(to: Reach): Promise<SessionAnswer[] | undefined> {
  try {
    const response = await send(to, 'GET', '/api/v1/sessions?limit=1000');
    return response.ok ? sessionsAnswer.parse(await response.json()).items : undefined;
  } catch {
    return undefined;
  }
}

async function eventsSince(out: Terminal, to: Reach, after: number, at: number): Promise<DrillResult['events']> {
  const events: DrillResult['events'] = [];
  await readEvents(out, to, after, await newestSequence(out, to), ({ envelope }) => {
    if (envelope) events.push(eventOf(envelope, at));
  });
  return events;
}

function eventOf({ type, subject, time, data }: Envelope, at: number): DrillResult['events'][number] {
  const why = (data.why as { text?: string } | undefined)?.text;
  const recoverMs = typeof data.recover_ms === 'number' ? { recover_ms: data.recover_ms } : {};
  return {
    after_ms: Date.parse(time) - at,
    subject,
    type: type.replace(/^signalbox\./, ''),
    ...(why ? { why } : {}),
    ...recoverMs,
  };
}
