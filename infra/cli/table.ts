import { printable } from './terminal.ts';

/** A column: its heading, and how its cells are dressed once they have their width. */
export interface Column<Row> {
  heading: string;
  cell(row: Row): string;
  right?: boolean;
  dress?(text: string, row: Row): string;
}

// Combining marks take no room; East Asian wide characters take two places.
const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Extended_Pictographic}/u;

/** How many places a text takes in a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segments.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text, shortened to a width with … at its end. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/**
 * Lays rows out in columns two spaces apart.
 * @param columns width of the window: the last column is shortened to fit; undefined: nothing is shortened
 */
export function table<Row>(rows: Row[], headings: Column<Row>[], columns: number | undefined): string {
  const cells = rows.map((row) => headings.map((heading) => printable(heading.cell(row))));
  const widths = headings.map((heading, index) =>
    Math.max(widthOf(heading.heading), ...cells.map((line) => widthOf(line[index] ?? ''))),
  );
  const last = headings.length - 1;
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(12, columns - before);
  const line = (texts: string[], row?: Row) =>
    texts
      .map((text, index) => {
        const heading = headings[index] as Column<Row>;
        const fitted = index === last ? shortened(text, room) : text;
        const gap = ' '.repeat(Math.max(0, (index === last ? 0 : (widths[index] as number)) - widthOf(fitted)));
        const dressed = row === undefined || !heading.dress ? fitted : heading.dress(fitted, row);
        return heading.right ? gap + dressed : dressed + gap;
      })
      .join('  ')
      .trimEnd();
  return [line(headings.map(({ heading }) => heading)), ...cells.map((texts, index) => line(texts, rows[index]))].join(
    '\n',
  );
}
