import { cpus, totalmem } from 'node:os';

/** One line of a benchmark's table. */
export interface BenchRow {
  measure: string;
  /** Our figure. */
  ours: number;
  /** The same for what we compare with, in the same run. */
  peer?: number;
  /** How many times better ours is: median of the pairs' ratios. */
  ratio?: number;
  unit: string;
  /** What was aimed at, in words: `≥ 3×`. */
  aim?: string;
  met?: boolean;
}

/** What a benchmark found, and where. */
export interface BenchTable {
  name: string;
  machine: string;
  rows: BenchRow[];
  /** How it was measured, what was left out, why an aim was missed. */
  notes: string[];
}

/** What a benchmark may be told. */
export interface BenchOptions {
  /** Length of one measurement; each bench has its own default. */
  seconds?: number;
  /** Interleaved pairs of ours and the peer's. */
  pairs?: number;
  /** How large a site is; fewer of each tell where time goes on a machine that others use. */
  cameras?: number;
  viewers?: number;
  /** Told what is going on. */
  say?(text: string): void;
}

/** A benchmark, as each file of this folder exports it. */
export type Bench = (options: BenchOptions) => Promise<BenchTable>;

/** The machine, as it stands under a table. */
export function thisMachine(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}, ${gigabytes} GB, Node ${process.version}`;
}

/** A share of the sorted values, 0.5 being the median. @throws RangeError when there are none */
export function quantile(values: number[], share: number): number {
  if (!values.length) throw new RangeError('no values to take a quantile of');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] as number;
  const high = sorted[Math.ceil(place)] as number;
  return low + (high - low) * (place - Math.floor(place));
}

const figure = (value: number | undefined): string => {
  if (value === undefined) return '';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
};

/** The table as Markdown, as it goes into this folder's README. */
export function printTable(table: BenchTable): string {
  const header = ['measure', 'ours', 'peer', 'ratio', 'unit', 'aim', 'met'];
  const rows = table.rows.map((row) => [
    row.measure,
    figure(row.ours),
    figure(row.peer),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)}×`,
    row.unit,
    row.aim ?? '',
    row.met === undefined ? '' : row.met ? 'yes' : 'no',
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [
    `## ${table.name}`,
    table.machine,
    '',
    line(header),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
    '',
    ...table.notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}
