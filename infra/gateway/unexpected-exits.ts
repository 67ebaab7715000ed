import type { UnexpectedExit } from './launcher-link.ts';

/** Long enough to be seen; the log keeps it. */
const TOLD_MS = 60_000;
/** These have cells, which tell of their ends themselves, or are the demo's own plugs. */
const TELLS_ITSELF = /^(?:relay|camera|destination)/;

/**
 * The programs of this machine that have just ended though they were not meant to, in words; undefined when none has.
 * Each gateway tells of itself, and the first one of all that serves them together.
 * @param gateway this gateway's name on the launcher link
 */
export function unexpectedExits(
  ends: readonly UnexpectedExit[],
  { gateway, isFirst, nowMs }: { gateway: string; isFirst: boolean; nowMs: number },
): string | undefined {
  const told = ends.filter(({ name, at }) => {
    const isOurs = name === gateway || (isFirst && !name.startsWith('gateway') && !TELLS_ITSELF.test(name));
    return isOurs && nowMs - at < TOLD_MS;
  });
  if (told.length === 0) return undefined;
  return `${told.map(({ name, text }) => `${name} ${text}`).join('; ')}; started again by itself`;
}
