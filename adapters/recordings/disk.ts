import { spawn } from 'node:child_process';
import { turnstile } from '../turnstile.ts';

/** The disk of the recordings does not answer: whoever asked can be told nothing now. */
export class DiskAway extends Error {
  override name = 'DiskAway';
  readonly reason = 'disk-away';
}

/** The disk that recordings lie on, for a process that it must not hold up. */
export interface Disk {
  /** Whether it takes a write at this moment. */
  takesWrites(): Promise<boolean>;
  /**
   * Does something that has to wait for it; one such work must not wait for another.
   * @throws DiskAway when it takes too long, or nothing that was asked before comes to an end
   */
  ask<T>(work: () => Promise<T>): Promise<T>;
}

/** A call that hangs holds one of the threads that a process has for files and for names of hosts; see `gatewayProgram`. */
const AT_ONCE = 8;
const PATIENCE_MS = 4_000;
const LOOK_EVERY_MS = 500;
const WRITTEN_WITHIN_MS = 600;
/** A write that passed says so for those who ask right after it. */
const GOOD_FOR_MS = 500;

/** @param folder on that disk; its time is set to see whether writes pass */
export function diskOf(folder: string): Disk {
  const away = () =>
    new DiskAway(`The disk of the recordings has not answered for ${PATIENCE_MS / 1_000} s: look after ${folder}.`);
  const pass = turnstile({ atOnce: AT_ONCE, waiting: Number.POSITIVE_INFINITY, refusal: away });
  let doneAt = 0;
  let touched: Promise<boolean> | undefined;
  let passedAt = Number.NEGATIVE_INFINITY;
  return {
    async takesWrites() {
      if (performance.now() - passedAt < GOOD_FOR_MS) return true;
      // Nothing ends a process whose write hangs. So another one writes, and only one at a time.
      touched ??= new Promise<boolean>((resolve) => {
        const child = spawn('touch', ['-c', folder], { stdio: 'ignore' });
        const over = () => {
          touched = undefined;
          passedAt = performance.now();
          resolve(true);
        };
        child.once('error', over).once('exit', over).unref();
      });
      return Promise.race([
        touched,
        new Promise<boolean>((resolve) => setTimeout(resolve, WRITTEN_WITHIN_MS, false).unref()),
      ]);
    },
    ask<T>(work: () => Promise<T>): Promise<T> {
      const askedAt = performance.now();
      let begunAt: number | undefined;
      const done = pass(async () => {
        begunAt = performance.now();
        return work().finally(() => {
          doneAt = performance.now();
        });
      });
      return new Promise<T>((resolve, reject) => {
        const timer = setInterval(() => {
          const since = begunAt ?? Math.max(askedAt, doneAt);
          if (performance.now() - since >= PATIENCE_MS) reject(away());
        }, LOOK_EVERY_MS);
        timer.unref();
        done.then(resolve, reject).finally(() => clearInterval(timer));
      });
    },
  };
}
