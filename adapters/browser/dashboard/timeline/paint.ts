import { wordsFor } from '../words.ts';
import { chip, widthOf } from './chip.ts';
import { type Look, MARK_REACH_PX as reach, styleOf } from './look.ts';
import type { Known } from './pictures/coverage.ts';
import { bracketsIn } from './pictures/kept.ts';
import { paintBound } from './pictures/paint-bound.ts';
import { paintKept } from './pictures/paint-kept.ts';
import { paintRecorded, RECORDED_PX } from './pictures/paint-recorded.ts';
import type { Row } from './rows.ts';
import { type Stop, stopText } from './stops.ts';
import { type Band, bandsIn, clustersIn, type Lane, type Span, type Timeline } from './timeline-model.ts';
import type { Ghost } from './whatif.ts';
import { ticksIn } from './window.ts';

/** Everything that one picture of the time line shows. */
export interface Scene {
  width: number;
  height: number;
  span: Span;
  rows: readonly Row[];
  /** How far the rows are scrolled. */
  scrollTop: number;
  timeline: Timeline;
  /** The state of lanes in which nothing has happened. */
  stateNow(lane: string): string;
  knownFrom: number;
  oldest: number;
  now: number;
  at: number | undefined;
  ghosts: readonly Ghost[];
  /** When nothing of Signalbox ran. */
  stops: readonly Stop[];
  /** What is recorded, by camera. */
  recorded: ReadonlyMap<string, Known>;
  look: Look;
}

export const AXIS_PX = 30;
/** Narrower than this is not drawn apart. */
const BUCKET_PX = 3;
const CLUSTER_PX = 40;
const TICK_PX = 110;
const BAND_PX = 24;
/** Marks stand above the middle and words below it, so that both can be read. */
const MARK_ABOVE_PX = 10;
const LABEL_BELOW_PX = 4;
const FONT = '12px system-ui, sans-serif';

type Pen = CanvasRenderingContext2D;
type Across = (at: number) => number;

/** Draws the time line. */
export function paint(pen: Pen, scene: Scene): void {
  const { width, height, span, look, rows, scrollTop } = scene;
  const across: Across = (at) => ((at - span.from) / (span.to - span.from)) * width;
  pen.fillStyle = look.color('panel');
  pen.fillRect(0, 0, width, height);
  pen.font = FONT;
  pen.textBaseline = 'middle';
  paintGrid(pen, scene, across);
  pen.save();
  pen.beginPath();
  pen.rect(0, AXIS_PX, width, height - AXIS_PX);
  pen.clip();
  for (const row of rows) {
    const top = AXIS_PX + row.top - scrollTop;
    if (top + row.height < AXIS_PX || top > height) continue;
    pen.fillStyle = look.color(row.lane ? 'line' : 'raised');
    if (row.lane) pen.fillRect(0, top + row.height - 1, width, 1);
    else pen.fillRect(0, top, width, row.height);
    if (!row.lane) continue;
    paintLane(pen, scene, row.lane, top + row.height - 6 - BAND_PX / 2, across);
    const known = row.lane.startsWith('camera/') ? scene.recorded.get(row.lane.slice(7)) : undefined;
    if (known) paintRecorded(pen, look, known, span, top + row.height - 1 - RECORDED_PX, across);
    const kept = known ? bracketsIn(known.recorded, span, across) : [];
    paintKept(pen, look, kept, top + row.height - 1 - RECORDED_PX);
    if (known) paintBound(pen, scene, known, { top, height: row.height - 1 }, across);
  }
  for (const stop of scene.stops) paintStop(pen, scene, stop, across);
  paintUnknown(pen, scene, across);
  pen.restore();
  paintNeedles(pen, scene, across);
}

function paintGrid(pen: Pen, { span, width, height, look }: Scene, across: Across): void {
  const offsetMs = -new Date(span.to).getTimezoneOffset() * 60_000;
  const { stepMs, ticks } = ticksIn(span, Math.max(2, Math.floor(width / TICK_PX)), offsetMs);
  pen.textAlign = 'left';
  for (const at of ticks) {
    const x = Math.round(across(at));
    pen.fillStyle = look.color('line');
    pen.fillRect(x, 0, 1, height);
    pen.fillStyle = look.color('muted');
    pen.fillText(tickText(at, stepMs), x + 5, AXIS_PX / 2);
  }
}

function tickText(at: number, stepMs: number): string {
  const time = new Date(at);
  if (stepMs < 1_000) return `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  const isMidnight = time.getHours() === 0 && time.getMinutes() === 0 && time.getSeconds() === 0;
  if (isMidnight) return time.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
  return stepMs < 60_000 ? time.toLocaleTimeString('en-GB') : time.toLocaleTimeString('en-GB').slice(0, 5);
}

const emptyLane = (id: string, before: string): Lane => ({
  id,
  before,
  changesAt: [],
  states: [],
  marksAt: [],
  marks: [],
});

function paintLane(pen: Pen, scene: Scene, id: string, middle: number, across: Across): void {
  const { span, width, timeline, now, knownFrom } = scene;
  const known = timeline.lanes.get(id);
  const lane =
    known && known.changesAt.length > 0 ? known : { ...(known ?? emptyLane(id, '')), before: scene.stateNow(id) };
  const pixelMs = (span.to - span.from) / width;
  const visible = { from: Math.max(span.from, knownFrom), to: Math.min(span.to, now) };
  for (const band of bandsIn(lane, visible, BUCKET_PX * pixelMs)) paintBand(pen, scene.look, band, middle, across);
  for (const ghost of scene.ghosts) if (ghost.lane === id) paintGhost(pen, scene.look, ghost, middle, across);
  for (const { at, mark, count } of clustersIn(lane, visible, CLUSTER_PX * pixelMs)) {
    const [x, y] = [Math.round(across(at)), Math.round(middle - MARK_ABOVE_PX)];
    pen.drawImage(scene.look.mark(mark), x - reach, y - reach, 2 * reach, 2 * reach);
    pen.textAlign = 'left';
    if (count > 1) chip(pen, scene.look, String(count), across(at) + 12, middle - MARK_ABOVE_PX);
  }
}

function paintBand(pen: Pen, look: Look, band: Band, middle: number, across: Across): void {
  if (band.state === '') return;
  const style = styleOf(band.state);
  const height = BAND_PX * style.height;
  const left = across(band.from);
  const width = Math.max(1, across(band.to) - left);
  pen.fillStyle = look.fill(pen, band.state);
  pen.fillRect(left, middle - height / 2, width, height);
  if (band.merged > 1) {
    pen.strokeStyle = look.color('text');
    paintDots(pen, left, width, middle - BAND_PX / 2 + 1);
  }
  if (!style.labelled || width < 40) return;
  const { word } = wordsFor(band.state);
  const seen = Math.max(left, 0);
  if (left + width - seen < widthOf(pen, word) + 16) return;
  pen.textAlign = 'left';
  chip(pen, look, word, seen + 8, middle + LABEL_BELOW_PX);
}

/** What is merged has dots along its edge: one line for all of them, as a band may be as wide as the canvas. */
function paintDots(pen: Pen, left: number, width: number, y: number): void {
  const from = Math.max(left, 0);
  pen.lineWidth = 2;
  pen.setLineDash([2, 4]);
  pen.beginPath();
  pen.moveTo(from - ((from - left) % 6), y);
  pen.lineTo(left + width, y);
  pen.stroke();
  pen.setLineDash([]);
}

function paintGhost(pen: Pen, look: Look, ghost: Ghost, middle: number, across: Across): void {
  const left = across(ghost.from);
  const width = Math.max(10, across(ghost.to) - left);
  pen.save();
  pen.setLineDash([5, 4]);
  pen.strokeStyle = look.color('text');
  pen.lineWidth = 2;
  pen.strokeRect(left, middle - BAND_PX / 2, width, BAND_PX);
  pen.restore();
  pen.textAlign = 'left';
  chip(pen, look, ghost.label, left + 8, middle);
}

/** While nothing ran there was no state of anything: what was drawn of it is covered, over all lanes. */
function paintStop(pen: Pen, { span, height, look }: Scene, stop: Stop, across: Across): void {
  if (stop.to <= span.from || stop.from >= span.to) return;
  const [left, right] = [across(Math.max(stop.from, span.from)), across(Math.min(stop.to, span.to))];
  const width = Math.max(2, right - left);
  pen.fillStyle = look.color('ground');
  pen.fillRect(left, AXIS_PX, width, height - AXIS_PX);
  pen.save();
  pen.strokeStyle = look.color('muted');
  pen.setLineDash([2, 6]);
  pen.strokeRect(left + 0.5, AXIS_PX + 0.5, width - 1, height - AXIS_PX - 1);
  pen.restore();
  const text = stopText(stop);
  if (width < widthOf(pen, text) + 16) return;
  pen.textAlign = 'left';
  chip(pen, look, text, left + 8, AXIS_PX + 13);
}

/** What is not read yet, or no longer kept, is not drawn as if nothing had happened. */
function paintUnknown(pen: Pen, { span, knownFrom, oldest, height, look, width }: Scene, across: Across): void {
  if (span.from >= knownFrom) return;
  const right = Math.min(across(knownFrom), width);
  pen.fillStyle = look.color('ground');
  pen.fillRect(0, AXIS_PX, right, height - AXIS_PX);
  const text = knownFrom <= oldest ? 'Nothing is kept from before' : 'Reading…';
  if (right < widthOf(pen, text) + 16) return;
  pen.fillStyle = look.color('muted');
  pen.textAlign = 'right';
  pen.fillText(text, right - 8, AXIS_PX + 13);
}

/** The present, and the moment that is looked at. */
function paintNeedles(pen: Pen, { now, at, height, look, width }: Scene, across: Across): void {
  pen.fillStyle = look.color('muted');
  const present = Math.round(across(now));
  for (let y = AXIS_PX; y < height; y += 6) pen.fillRect(present, y, 1, 3);
  if (at === undefined) return;
  const x = Math.round(across(at));
  pen.fillStyle = look.color('focus');
  pen.fillRect(x - 1, 0, 2, height);
  const time = new Date(at);
  const text = `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
  const half = widthOf(pen, text) / 2 + 8;
  const middle = Math.min(Math.max(x, half), width - half);
  pen.fillRect(middle - half, 3, 2 * half, AXIS_PX - 6);
  pen.fillStyle = look.color('panel');
  pen.textAlign = 'center';
  pen.fillText(text, middle, AXIS_PX / 2);
}
