/** A statechart as the gateway tells it. */
export interface Chart {
  current: string;
  states: { name: string; text?: string }[];
  transitions: { from: string; to: string; on: string }[];
}

/** A state as a box; x and y are its centre. */
export interface Box {
  name: string;
  text: string;
  x: number;
  y: number;
  width: number;
}

/** All transitions from one state to another as one arrow. */
export interface Arrow {
  from: string;
  to: string;
  on: string[];
  /** SVG path. */
  path: string;
  /** Where a label can stand. */
  x: number;
  y: number;
}

/** A drawing of a statechart, in pixels. */
export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

export const BOX_HEIGHT = 32;
const ROW = 84;
const GAP = 34;
const MARGIN = 46;
/** Room above and below for arrows between neighbours. */
const EDGE = 24;

/** Lays out a statechart: states in rows by their distance from the first one, arrows down on the right, up on the left. */
export function drawChart(chart: Chart): Drawing {
  const rows = rowsOf(chart);
  const widthOf = (name: string): number => Math.max(64, name.length * 8.2 + 26);
  const rowWidth = (names: string[]): number => names.reduce((sum, name) => sum + widthOf(name) + GAP, 0) - GAP;
  const width = Math.max(...rows.map(rowWidth), 120) + 2 * MARGIN;
  const boxes = new Map<string, Box>();
  for (const [row, names] of rows.entries()) {
    let left = (width - rowWidth(names)) / 2;
    for (const name of names) {
      const box = { width: widthOf(name), x: left + widthOf(name) / 2, y: BOX_HEIGHT / 2 + EDGE + row * ROW };
      const text = chart.states.find((state) => state.name === name)?.text ?? '';
      boxes.set(name, { name, text, ...box });
      left += widthOf(name) + GAP;
    }
  }
  return {
    width,
    height: (rows.length - 1) * ROW + BOX_HEIGHT + 2 * EDGE,
    boxes: [...boxes.values()],
    arrows: arrowsOf(chart, boxes, width),
  };
}

/** States by how many steps they are away from the first one; unreachable ones come last. */
function rowsOf(chart: Chart): string[][] {
  const names = chart.states.map(({ name }) => name);
  const rows: string[][] = [];
  const placed = new Set<string>();
  let row = names.slice(0, 1);
  while (row.length > 0) {
    rows.push(row);
    for (const name of row) placed.add(name);
    const next = chart.transitions.filter(
      ({ from, to }) => row.includes(from) && !placed.has(to) && names.includes(to),
    );
    row = [...new Set(next.map(({ to }) => to))];
  }
  const rest = names.filter((name) => !placed.has(name));
  return rest.length > 0 ? [...rows, rest] : rows;
}

function arrowsOf(chart: Chart, boxes: Map<string, Box>, width: number): Arrow[] {
  const merged = new Map<string, { from: Box; to: Box; on: string[] }>();
  for (const { from: source, to: target, on } of chart.transitions) {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (!from || !to || from === to) continue;
    const key = `${source}>${target}`;
    const known = merged.get(key);
    if (!known) merged.set(key, { from, to, on: [on] });
    else if (!known.on.includes(on)) known.on.push(on);
  }
  return [...merged.values()].map(({ from, to, on }) => ({
    from: from.name,
    to: to.name,
    on,
    ...lineOf(from, to, width),
  }));
}

const point = (x: number, y: number): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

function lineOf(from: Box, to: Box, width: number): { path: string; x: number; y: number } {
  const half = BOX_HEIGHT / 2;
  const rows = Math.round((to.y - from.y) / ROW);
  if (rows === 0) {
    // Side by side: there below the boxes, back above them.
    const right = to.x > from.x;
    const side = right ? half : -half;
    const bow = right ? 26 : -26;
    const [start, end] = [from.x + (right ? 12 : -12), to.x + (right ? -12 : 12)];
    const [y, bent] = [from.y + side, from.y + side + bow];
    return {
      path: `M${point(start, y)}C${point(start, bent)} ${point(end, bent)} ${point(end, y)}`,
      x: (start + end) / 2,
      y: from.y + side + bow * 0.75,
    };
  }
  const down = rows > 0;
  // Two arrows between the same boxes stand apart.
  const apart = down ? 9 : -9;
  const start = { x: from.x + apart, y: from.y + (down ? half : -half) };
  const end = { x: to.x + apart, y: to.y + (down ? -half : half) };
  if (Math.abs(rows) === 1) {
    const middle = (start.y + end.y) / 2;
    const path = `M${point(start.x, start.y)}C${point(start.x, middle)} ${point(end.x, middle)} ${point(end.x, end.y)}`;
    return { path, x: (start.x + end.x) / 2, y: middle };
  }
  // Over more than one row: around the boxes between, on the side that is nearer.
  const right = (from.x + to.x) / 2 > width / 2 || (from.x === to.x && down);
  const edge = right ? width - 8 : 8;
  const leave = { x: from.x + (right ? from.width / 2 : -from.width / 2), y: from.y };
  const enter = { x: to.x + (right ? to.width / 2 : -to.width / 2), y: to.y };
  const path = `M${point(leave.x, leave.y)}C${point(edge, leave.y)} ${point(edge, enter.y)} ${point(enter.x, enter.y)}`;
  return { path, x: (leave.x + enter.x + 6 * edge) / 8, y: (leave.y + enter.y) / 2 };
}
