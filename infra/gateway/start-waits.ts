import type { Logger } from 'pino';
import type { LauncherLink } from './launcher-link.ts';

/**
 * Tells what a start waits for, each time that it is something else: in the log with all that is known of it, and to
 * the launcher in words for whoever asks at this gateway's address meanwhile.
 */
export function tellWaits(launcher: Pick<LauncherLink, 'waits'>, log: Pick<Logger, 'warn'>) {
  let told: string | undefined;
  return (text: string, detail: object): void => {
    const what = JSON.stringify([text, detail]);
    if (what === told) return;
    told = what;
    log.warn(detail, `the start waits: ${text}`);
    launcher.waits(text);
  };
}
