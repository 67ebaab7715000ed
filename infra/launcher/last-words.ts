/** How a line begins that says why a program ends: V8's, Go's, and of what is asserted in C. */
const SAYS_WHY = /^(?:FATAL|fatal error: |panic: )|Assertion .*failed/;
/** From this level on a line of our own logs is about something that went wrong. */
const ERROR_LEVEL = 50;
const LONGEST = 300;

/** A line of our own logs as a person reads it; undefined when it is none, or tells of nothing bad. */
function faultIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level = 0, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    return level < ERROR_LEVEL ? undefined : [msg, err?.message].filter(Boolean).join(': ');
  } catch {
    return undefined;
  }
}

/**
 * Why a program ended, as far as its last lines tell: the last one that names a fault, as what follows it says less (a
 * stack, a version); otherwise the last one.
 * @returns one line; empty when it said nothing
 */
export function lastWords(lines: readonly string[]): string {
  const spoken = lines.map((line) => line.trim()).filter(Boolean);
  const headsStack = (n: number) => !spoken[n]?.startsWith('at ') && spoken[n + 1]?.startsWith('at ') === true;
  const faults = spoken.map((line, n) => (SAYS_WHY.test(line) || headsStack(n) ? line : faultIn(line)));
  return (faults.findLast(Boolean) ?? spoken.at(-1) ?? '').slice(0, LONGEST);
}
