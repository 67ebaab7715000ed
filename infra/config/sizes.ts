const BYTES: Record<string, number> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** The grammar of a size in the configuration: a whole number and its unit, `500MB`, `4GB`. */
export const SIZE_PATTERN = '^[1-9][0-9]{0,5}(KB|MB|GB|TB)$';

/** A size in bytes; the text has the grammar. */
export function bytesIn(text: string): number {
  const [, amount, unit] = /^([0-9]+)([A-Z]+)$/.exec(text) ?? [];
  return Number(amount) * (BYTES[unit ?? ''] ?? Number.NaN);
}

/** A size as a person reads it: `0.4 MB`, `12.3 GB`. */
export function sizeText(bytes: number): string {
  const [unit, size] = bytes >= 1e9 ? ['GB', bytes / 1e9] : ['MB', bytes / 1e6];
  return `${size >= 100 ? Math.round(size) : size.toFixed(1)} ${unit}`;
}
