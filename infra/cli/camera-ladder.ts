import { misused } from './terminal.ts';

/** The rungs of a camera, as the interface takes them; null: the usual ones. */
type Ladder = { height: number; bitrate_bps?: number }[] | null;

/**
 * What `--ladder` says: `720p,540p:1400`, a rung's bit rate in kb/s behind its lines where it is not the usual one;
 * `usual` takes a ladder of its own back. @throws CommandFailed
 */
export function ladderIn(text: string | undefined): { ladder?: Ladder } {
  if (text === undefined) return {};
  if (text === 'usual') return { ladder: null };
  const ladder = text.split(',').map((rung) => {
    const [, height, kbps] = /^(\d{2,4})p(?::(\d{1,6}))?$/.exec(rung.trim()) ?? [];
    if (height === undefined) {
      throw misused(`--ladder ${text}: expected usual, or rungs such as 720p,540p:1400,360p (with their kb/s)`);
    }
    return { height: Number(height), ...(kbps === undefined ? {} : { bitrate_bps: Number(kbps) * 1_000 }) };
  });
  return { ladder };
}
