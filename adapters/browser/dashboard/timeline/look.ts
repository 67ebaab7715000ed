import { MARKS, type Mark } from './happening.ts';

/** How a state is drawn: healthy ones thin, trouble high, each with a pattern of its own besides its colour. */
interface Style {
  /** Share of the lane's height. */
  height: number;
  pattern: 'solid' | 'hatch' | 'stripes' | 'bars' | 'dots';
  labelled: boolean;
}

const CALM: Style = { height: 0.35, pattern: 'solid', labelled: false };
const STYLES: Record<string, Style> = {
  live: CALM,
  serving: CALM,
  idle: { height: 0.12, pattern: 'solid', labelled: false },
  removed: { height: 0.12, pattern: 'dots', labelled: true },
  connecting: { height: 0.6, pattern: 'dots', labelled: true },
  starting: { height: 0.6, pattern: 'dots', labelled: true },
  switching: { height: 0.6, pattern: 'dots', labelled: true },
  frozen: { height: 1, pattern: 'hatch', labelled: true },
  stalled: { height: 1, pattern: 'stripes', labelled: true },
  suspect: { height: 1, pattern: 'stripes', labelled: true },
  draining: { height: 0.6, pattern: 'stripes', labelled: true },
  offline: { height: 1, pattern: 'solid', labelled: true },
  dead: { height: 1, pattern: 'solid', labelled: true },
  quarantined: { height: 1, pattern: 'bars', labelled: true },
  holding: { height: 1, pattern: 'bars', labelled: true },
};
const UNKNOWN: Style = { height: 0.6, pattern: 'stripes', labelled: true };

export const styleOf = (state: string): Style => STYLES[state] ?? UNKNOWN;

/** Colours as the page's styles have them, and patterns made of them; made anew when the theme changes. */
export interface Look {
  color(name: 'ground' | 'panel' | 'raised' | 'line' | 'text' | 'muted' | 'focus' | 'offline'): string;
  stateColor(state: string): string;
  fill(context: CanvasRenderingContext2D, state: string): string | CanvasPattern;
  /** A mark, drawn once: hundreds are shown at a time. It reaches as far from its middle as `MARK_REACH_PX`. */
  mark(mark: Mark): HTMLCanvasElement;
}

/** A glyph of 16 × 16 and its edge. */
export const MARK_REACH_PX = 10;

function kept<T>(all: Map<string, T>, key: string, value: T): T {
  all.set(key, value);
  return value;
}

/** @param place an element of the page: colours are what a child of it would have */
export function lookIn(place: HTMLElement): Look {
  const sample = document.createElement('i');
  sample.hidden = true;
  place.append(sample);
  const colors = new Map<string, string>();
  const stateColors = new Map<string, string>();
  const fills = new Map<string, string | CanvasPattern>();
  const marks = new Map<string, HTMLCanvasElement>();
  const read = (className: string, property: string): string => {
    sample.className = className;
    return getComputedStyle(sample).getPropertyValue(property).trim();
  };
  // Asked for hundreds of times a picture.
  const color: Look['color'] = (name) => colors.get(name) ?? kept(colors, name, read('', `--${name}`));
  const stateColor = (state: string): string =>
    stateColors.get(state) ?? kept(stateColors, state, read(`state-${state}`, '--state'));
  return {
    color,
    stateColor,
    fill(context, state) {
      const known = fills.get(state);
      if (known) return known;
      const made = patternOf(context, styleOf(state).pattern, stateColor(state), color('ground'));
      return kept(fills, state, made);
    },
    mark(mark) {
      const key = `${mark} ${devicePixelRatio}`;
      const known = marks.get(key);
      if (known) return known;
      const name = MARKS.indexOf(mark) < 3 ? 'offline' : mark === 'viewer' ? 'muted' : 'text';
      return kept(marks, key, drawMark(mark, color(name), color('panel')));
    },
  };
}

/** Draws a mark with an edge, so that it stands out from what is under it. */
function drawMark(mark: Mark, color: string, edge: string): HTMLCanvasElement {
  const picture = document.createElement('canvas');
  picture.width = picture.height = Math.ceil(2 * MARK_REACH_PX * devicePixelRatio);
  const pen = picture.getContext('2d');
  if (!pen) return picture;
  const path = new Path2D(GLYPHS[mark]);
  pen.scale(devicePixelRatio, devicePixelRatio);
  pen.translate(MARK_REACH_PX - 8, MARK_REACH_PX - 8);
  pen.strokeStyle = edge;
  pen.lineWidth = 4;
  pen.stroke(path);
  pen.fillStyle = color;
  pen.fill(path, 'evenodd');
  return picture;
}

const TILE_PX = 8;

function patternOf(
  context: CanvasRenderingContext2D,
  pattern: Style['pattern'],
  color: string,
  ground: string,
): string | CanvasPattern {
  if (pattern === 'solid') return color;
  const tile = document.createElement('canvas');
  tile.width = tile.height = TILE_PX;
  const pen = tile.getContext('2d');
  if (!pen) return color;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, TILE_PX, TILE_PX);
  pen.fillStyle = pen.strokeStyle = color;
  pen.lineWidth = 3;
  if (pattern === 'stripes') pen.fillRect(0, 0, TILE_PX, 4);
  if (pattern === 'bars') pen.fillRect(0, 0, 5, TILE_PX);
  if (pattern === 'dots') for (const at of [0, 4]) pen.fillRect(at, at, 4, 4);
  if (pattern === 'hatch') {
    for (const shift of [-TILE_PX, 0, TILE_PX]) {
      pen.beginPath();
      pen.moveTo(shift, TILE_PX);
      pen.lineTo(shift + TILE_PX, 0);
      pen.stroke();
    }
  }
  return context.createPattern(tile, 'repeat') ?? color;
}

/** Marks as drawings of 16 × 16, told apart by their shape alone. */
export const GLYPHS: Record<Mark, string> = {
  relay: 'M2 2h12v12h-12z',
  denial: 'M8 1a7 7 0 1 0 .01 0zM4 5l2-2 6 8-2 2z',
  incident: 'M8 0l8 15h-16zM7 5v5h2v-5zM7 11v2h2v-2z',
  operator: 'M8 0l8 8-8 8-8-8z',
  switch: 'M0 5l6-5v3h9v4h-9v3zM16 11l-6 5v-3h-9v-3h9v-3z',
  move: 'M0 5h8v-5l8 8-8 8v-5h-8z',
  viewer: 'M6 5h4v11h-4z',
};

/** What the marks mean. */
export const MARK_WORDS: Record<Mark, string> = {
  relay: 'relay trouble',
  denial: 'somebody was refused',
  incident: 'emergency or broadcast',
  operator: 'an operator acted',
  switch: 'another source',
  move: 'a viewer was moved',
  viewer: 'a viewer came or went',
};
