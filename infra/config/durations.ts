const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The grammar of a duration in the configuration: a whole number and its unit, `500ms`, `3600s`, `15m`, `8h`, `7d`. */
export const DURATION_PATTERN = '^[0-9]{1,12}(ms|s|m|h|d)$';

const grammar = /^([0-9]{1,12})(ms|s|m|h|d)$/;

/** Thrown by {@link durationMs}: the text is not a duration. */
export class BadDuration extends Error {
  constructor(text: string) {
    super(`"${text.slice(0, 40)}" is not a duration: write a number and a unit, such as 30s, 15m, 8h or 7d`);
    this.name = 'BadDuration';
  }
}

/** A duration in milliseconds. @throws BadDuration */
export function durationMs(text: string): number {
  const [, amount, unit] = grammar.exec(text) ?? [];
  if (amount === undefined || unit === undefined) throw new BadDuration(text);
  return Number(amount) * (MS[unit] as number);
}

/** A span of time for a person, in the largest unit that keeps it readable: `850 ms`, `12 s`, `3 min`, `2 h 5 min`. */
export function spanText(ms: number): string {
  const span = Math.max(0, Math.round(ms));
  if (span < 1000) return `${span} ms`;
  const seconds = Math.floor(span / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}
