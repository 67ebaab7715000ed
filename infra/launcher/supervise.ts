import { type ChildProcess, spawn } from 'node:child_process';
import { NICENESS, nicely } from '../../adapters/niceness.ts';
import type { ConnectionKeeper } from '../../adapters/switch.rtp/connection-keeper.ts';
import { lastWords } from './last-words.ts';
import type { ProcessState } from './process-list.ts';
import type { ProcessLog } from './process-log.ts';
import { setSessionNiceness } from './session-niceness.ts';
import type { Undertaker } from './undertaker.ts';

/** A program of the group: how it is started, and how to tell that it serves. */
export interface Program {
  /** Its name on the launcher link, for instance `relay:intake-1`. */
  name: string;
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** What it is for, which says who goes first where the processor is too small for all. */
  purpose: 'pictures' | 'decisions';
  /** Whether it serves now; asked again until it does. May throw, which means no. */
  ready(): Promise<boolean>;
  /** Whether it has said what it waits for before it can serve: then it is given all the time. */
  waits?(): boolean;
  /** Holds what shall outlive it. */
  keeper?: ConnectionKeeper;
}

/** What became of a process. */
export interface Exit {
  name: string;
  /** Epoch ms. */
  at: number;
  code: number | null;
  signal: string | null;
  /** How it ended, and its last words. */
  text: string;
  /** When it is started again; undefined: it was meant to end. */
  restartMs: number | undefined;
}

/** Who is told about starts and ends. */
export interface Watch {
  started(name: string, pid: number): void;
  exited(exit: Exit): void;
}

/** A process that is kept running. */
export interface Supervised {
  readonly name: string;
  /** Starts it, and keeps it running. Resolves when it serves. @throws StartFailed when it ends or stays silent */
  start(): Promise<void>;
  /** TERM, then KILL after the grace; resolves when it is gone. It is not started again. */
  stop(graceMs: number): Promise<void>;
  state(): ProcessState;
}

/** A program ended, or did not serve in time, when it was first started. */
export class StartFailed extends Error {
  override name = 'StartFailed';
}

const RESTART_MS = [0, 250, 500, 1000, 2000, 4000, 8000, 10_000];
/** Up for this long, a process counts as healthy again. */
const STEADY_MS = 30_000;
const READY_TIMEOUT_MS = 60_000;
const READY_EVERY_MS = 15;

/** How long to wait before a process is started again, after so many failures in a row. */
export const restartDelayMs = (failures: number): number =>
  RESTART_MS[Math.min(failures, RESTART_MS.length - 1)] as number;

/** So many of its last lines are looked through for why it ended. */
const LAST_LINES = 60;

/** One that is killed had no time for last words. */
const isKilled = (signal: string | null): signal is string => signal === 'SIGKILL' || signal === 'SIGTERM';

/** How a process ended, for a person. */
function howItEnded(code: number | null, signal: string | null, words: string): string {
  if (isKilled(signal)) return `was killed (${signal})`;
  const how =
    signal === null ? (code === null ? 'could not be started' : `ended with code ${code}`) : `crashed (${signal})`;
  return words ? `${how}: ${words}` : how;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Supervises one program: nothing runs until `start`. */
export function supervise(program: Program, log: ProcessLog, undertaker: Undertaker, watch: Watch): Supervised {
  const niceness = NICENESS[program.purpose];
  let child: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  let wanted = false;
  let hasServed = false;
  let failures = 0;
  let restarts = 0;
  let lastExit: ProcessState['last_exit'];
  let restart: NodeJS.Timeout | undefined;

  const ended = (
    startedAt: number,
    pid: number | undefined,
    code: number | null,
    signal: string | null,
    words: string,
  ) => {
    child = undefined;
    if (pid !== undefined) undertaker.remove(pid);
    if (performance.now() - startedAt >= STEADY_MS) failures = 0;
    const end = { at: Date.now(), text: howItEnded(code, signal, words) };
    if (wanted) lastExit = end;
    // What never served is a fault in how it is started: somebody should read its last words, not watch it try.
    wanted &&= hasServed;
    const restartMs = wanted ? restartDelayMs(failures) : undefined;
    if (restartMs === undefined) program.keeper?.close();
    if (restartMs !== undefined) {
      failures += 1;
      restart = setTimeout(() => {
        restarts += 1;
        run();
      }, restartMs);
    }
    watch.exited({ name: program.name, code, signal, ...end, restartMs });
  };

  const run = () => {
    const startedAt = performance.now();
    log.begin();
    // A session of its own: Ctrl-C reaches the launcher alone, which then stops everything in order.
    const started = spawn(...nicely(niceness, program.file, program.args), {
      env: program.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', ...(program.keeper ? ['ipc' as const] : [])],
    });
    child = started;
    started.stdin?.on('error', () => {});
    started.stdout?.on('data', log.write);
    started.stderr?.on('data', log.write);
    gone = new Promise((resolve) => {
      const over = (code: number | null, signal: string | null, words: string) => {
        ended(startedAt, started.pid, code, signal, words);
        resolve();
      };
      started.once('exit', (code, signal) => {
        // Those who wait for its pictures to go on are told at once.
        if (isKilled(signal)) return over(code, signal, '');
        // Its last output arrives a moment after its end; waiting for 'close' could last as long as a grandchild.
        setTimeout(() => over(code, signal, lastWords(log.lastLines(LAST_LINES))), 5);
      });
      if (started.pid === undefined) started.once('error', (error) => over(null, null, error.message));
      else started.on('error', () => {});
    });
    if (started.pid === undefined) return;
    undertaker.add(started.pid);
    program.keeper?.serve(started);
    setSessionNiceness(started.pid, niceness, (line) => log.write(Buffer.from(`${program.name}: ${line}\n`)));
    watch.started(program.name, started.pid);
  };

  const serves = async () => {
    try {
      return await program.ready();
    } catch {
      return false;
    }
  };

  return {
    name: program.name,
    async start() {
      wanted = true;
      failures = 0;
      clearTimeout(restart);
      if (!child) run();
      const mine = child;
      let deadline = performance.now() + READY_TIMEOUT_MS;
      while (child === mine && mine?.pid !== undefined && performance.now() < deadline) {
        if (await serves()) {
          hasServed = true;
          return;
        }
        if (program.waits?.()) deadline = performance.now() + READY_TIMEOUT_MS;
        await pause(READY_EVERY_MS);
      }
      const what =
        child === mine && mine?.pid !== undefined
          ? `did not serve within ${READY_TIMEOUT_MS / 1000} s`
          : 'ended at its start';
      throw new StartFailed(`${program.name} ${what}; it said:\n${log.lastLines(10).join('\n')}`);
    },
    async stop(graceMs) {
      wanted = false;
      clearTimeout(restart);
      const leaving = child;
      if (!leaving) return;
      leaving.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
      const force = setTimeout(() => leaving.kill('SIGKILL'), graceMs);
      await gone;
      clearTimeout(force);
    },
    state: () => ({
      name: program.name,
      ...(child?.pid === undefined ? {} : { pid: child.pid }),
      state: child ? 'running' : wanted ? 'backoff' : 'stopped',
      restarts,
      ...(lastExit ? { last_exit: lastExit } : {}),
    }),
  };
}
