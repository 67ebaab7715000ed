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
}

/** A drawing of a statechart, in pixels. */
export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

export const BOX_HEIGHT = 32;
const ROW = 74;
const GAP = 18;
const MARGIN = 36;
/** Room above and below for arrows between neighbours. */
const EDGE = 24;

/** Lays out a statechart: states in rows by their distance from the first one. */
export function drawChart(chart: Chart): Drawing {
  const rows = rowsOf(chart);
  const widthOf = (name: string): number => Math.max(58, name.length * 7.8 + 22);
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
    arrows: arrowsOf(chart, rows, boxes, width),
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

function arrowsOf(chart: Chart, rows: string[][], boxes: Map<string, Box>, width: number): Arrow[] {
  const merged = new Map<string, { from: Box; to: Box; on: string[] }>();
  for (const { from: source, to: target, on } of chart.transitions) {
    const [from, to] = [boxes.get(source), boxes.get(target)];
    if (!from || !to || from === to) continue;
    const key = `${source}>${target}`;
    const known = merged.get(key);
    if (!known) merged.set(key, { from, to, on: [on] });
    else if (!known.on.includes(on)) known.on.push(on);
  }
  const lanes: Lanes = { left: [], right: [] };
  return [...merged.values()].map(({ from, to, on }) => {
    const steps = Math.round((to.y - from.y) / ROW);
    const path =
      steps === 0
        ? besideEachOther(from, to)
        : Math.abs(steps) === 1
          ? toNextRow(from, to)
          : aroundRows(from, to, rows, lanes, width);
    return { from: from.name, to: to.name, on, path };
  });
}

const HALF = BOX_HEIGHT / 2;
const point = (x: number, y: number): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

/** There below the boxes, back above them. */
function besideEachOther(from: Box, to: Box): string {
  const way = to.x > from.x ? 1 : -1;
  const [start, end] = [from.x + way * 12, to.x - way * 12];
  const [y, bent] = [from.y + way * HALF, from.y + way * (HALF + 24)];
  return `M${point(start, y)}C${point(start, bent)} ${point(end, bent)} ${point(end, y)}`;
}

/** Down a little to the right, up a little to the left: two arrows between the same boxes stand apart. */
function toNextRow(from: Box, to: Box): string {
  const way = to.y > from.y ? 1 : -1;
  const [x1, y1, x2, y2] = [from.x + way * 9, from.y + way * HALF, to.x + way * 9, to.y - way * HALF];
  const middle = (y1 + y2) / 2;
  return `M${point(x1, y1)}C${point(x1, middle)} ${point(x2, middle)} ${point(x2, y2)}`;
}

/** Targets that have a lane of their own at the edge of the drawing; all arrows to a target share it. */
interface Lanes {
  left: string[];
  right: string[];
}

const LANE = 10;
const CORNER = 7;

/** Over more than one row: out to a lane at the side, along it, and in. */
function aroundRows(from: Box, to: Box, rows: string[][], lanes: Lanes, width: number): string {
  const row = rows.find((names) => names.includes(to.name)) ?? [];
  const nearLeft = (from.x + to.x) / 2 <= width / 2;
  const [first, last] = [row[0] === to.name, row.at(-1) === to.name];
  const left = first === last ? nearLeft : first;
  const taken = left ? lanes.left : lanes.right;
  if (!taken.includes(to.name)) taken.push(to.name);
  const lane = 6 + LANE * taken.indexOf(to.name);
  const x = left ? lane : width - lane;
  const out = left ? -1 : 1;
  const way = to.y > from.y ? 1 : -1;
  // Out of the box on the side it goes to, then to the lane through the gap between the rows.
  const gap = from.y + way * (HALF + 11);
  const start = from.x - out * 16;
  return [
    `M${point(start, from.y + way * HALF)}`,
    `L${point(start, gap - way * CORNER)}Q${point(start, gap)} ${point(start + out * CORNER, gap)}`,
    `L${point(x - out * CORNER, gap)}Q${point(x, gap)} ${point(x, gap + way * CORNER)}`,
    `L${point(x, to.y - way * CORNER)}Q${point(x, to.y)} ${point(x - out * CORNER, to.y)}`,
    `L${point(to.x + (out * to.width) / 2, to.y)}`,
  ].join('');
}
