import { writeFileSync } from 'node:fs';

/** Who may not change what others own may ask for this so often. */
const AGAIN_MS = 120;
const ATTEMPTS = 20;

/** That there is nothing to be set: another system, a kernel without it, a process that has ended. */
const NOTHING = new Set(['ENOENT', 'ESRCH']);

/**
 * Linux may share the processor among sessions first (`kernel.sched_autogroup_enabled`, as on most desktops), and then
 * heeds the niceness of a process within its session alone; each of ours is the first of a session of its own.
 * @param say what is wrong, where it can't be set
 */
export function setSessionNiceness(pid: number, niceness: number, say: (line: string) => void, attempt = 1): void {
  if (niceness === 0) return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (NOTHING.has(code)) return;
    // The kernel lets other users than root do this ten times a second.
    if (code === 'EAGAIN' && attempt < ATTEMPTS) {
      setTimeout(() => setSessionNiceness(pid, niceness, say, attempt + 1), AGAIN_MS).unref();
      return;
    }
    say(`its session goes first with all others (${code}): pictures may wait for it where the processor is too small`);
  }
}
