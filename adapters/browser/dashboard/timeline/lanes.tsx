import { useEffect, useMemo, useRef } from 'preact/hooks';
import { houseNow } from '../../player/house-time.ts';
import { useFollowed, useSize } from '../hooks.ts';
import { NARROW_PX } from '../layout.ts';
import type { Room } from '../room.ts';
import { describe, nameIn } from './describe.ts';
import { followGestures } from './gestures.ts';
import { type Look, lookIn } from './look.ts';
import { AXIS_PX, paint } from './paint.ts';
import type { Past } from './past.ts';
import { followHover } from './pictures/hover.ts';
import type { Recordings } from './pictures/recorded.ts';
import { NARROW, type Row, rowAt, rowsOf, WIDE } from './rows.ts';
import { followStops } from './stops.ts';
import { step } from './timeline-model.ts';
import type { Travel } from './travel.ts';
import type { Ghost } from './whatif.ts';
import { spanOf } from './window.ts';

/** The present moves on: the picture is drawn anew this often even when nobody touches it. */
const TICK_MS = 250;
const PICK_PX = 9;

/** The time line: names on the left, and one canvas with a lane for each camera and relay. */
export function Lanes(props: {
  room: Room;
  past: Past;
  travel: Travel;
  recordings: Recordings;
  ghosts: readonly Ghost[];
}) {
  const { room, past, travel, recordings, ghosts } = props;
  const { world } = useFollowed(room);
  const { timeline, version } = useFollowed(past);
  const { cameras: chosen } = useFollowed(travel);
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const isNarrow = size.width < NARROW_PX;
  const laneCount = timeline.lanes.size;
  const rows = useMemo(
    () => rowsOf(world.cameras, world.relays, timeline, isNarrow ? NARROW : WIDE),
    [world.cameras, world.relays, timeline, laneCount, isNarrow],
  );
  const last = rows.at(-1);
  const height = AXIS_PX + (last ? last.top + last.height : 0);
  // Dragging changes the picture sixty times a second: it is drawn past the components.
  const shown = useRef({ rows, ghosts });
  shown.current = { rows, ghosts };
  const redraw = useRef(() => {});
  useEffect(() => {
    const [place, screen] = [box.current, canvas.current];
    if (!place || !screen) return;
    const drawing = followDrawing(place, screen, { room, past, travel, recordings, shown: () => shown.current });
    redraw.current = drawing.redraw;
    const pick = (at: number, y: number): void => pickEvent(at, y, screen, place, shown.current.rows, past, travel);
    const endGestures = followGestures(screen, place, travel, pick);
    const cameraAt = (y: number): string | undefined => {
      const lane = y < AXIS_PX ? '' : (rowAt(shown.current.rows, y - AXIS_PX + place.scrollTop)?.lane ?? '');
      return lane.startsWith('camera/') ? lane.slice(7) : undefined;
    };
    const endHover = followHover(screen, travel, recordings, cameraAt);
    return () => {
      endHover();
      endGestures();
      drawing.end();
    };
  }, [room, past, travel, recordings]);
  useEffect(() => redraw.current(), [rows, ghosts, size.width, size.height, version]);
  useEffect(() => box.current?.querySelector('[aria-pressed=true]')?.scrollIntoView({ block: 'nearest' }), [laneCount]);
  const choose = (lane: string, more: boolean): void => {
    const id = lane.slice(lane.indexOf('/') + 1);
    const others = more ? chosen.filter((other) => other !== id) : [];
    travel.choose(chosen.includes(id) ? others : [...others, id]);
  };
  return (
    <div class={`lanes ${isNarrow ? 'narrow' : ''}`} ref={box}>
      <div class="labels" style={{ height: `${height}px` }}>
        {rows.map((row) => (
          <Label key={`${row.lane}${row.label}`} row={row} chosen={chosen} choose={choose} />
        ))}
      </div>
      <Scrubber canvas={canvas} height={size.height} past={past} travel={travel} room={room} />
    </div>
  );
}

function Label(props: { row: Row; chosen: readonly string[]; choose: (lane: string, more: boolean) => void }) {
  const { row, chosen, choose } = props;
  const style = { top: `${AXIS_PX + row.top}px`, height: `${row.height}px` };
  if (!row.lane) return <p class="zone-name" style={style} children={row.label} />;
  if (!row.lane.startsWith('camera/')) return <p class="lane-name" style={style} children={row.label} />;
  return (
    <button
      type="button"
      class="lane-name"
      style={style}
      aria-pressed={chosen.includes(row.lane.slice(7))}
      title="This camera’s events only, and its picture; with Shift, several cameras together"
      onClick={(event) => choose(row.lane, event.shiftKey || event.ctrlKey)}
    >
      {row.label}
    </button>
  );
}

/** The canvas, which to a screen reader is a slider over what happened. */
function Scrubber(props: {
  canvas: { current: HTMLCanvasElement | null };
  height: number;
  past: Past;
  travel: Travel;
  room: Room;
}) {
  const { canvas, height, past, travel, room } = props;
  const { at, event } = useFollowed(travel);
  const { timeline, knownFrom } = useFollowed(past);
  const happening = event === undefined ? undefined : timeline.all.find(({ seq }) => seq === event);
  const now = houseNow();
  const text = at === undefined ? 'now' : new Date(at).toLocaleString('en-GB');
  return (
    <canvas
      ref={canvas}
      style={{ height: `${height}px` }}
      tabIndex={0}
      role="slider"
      aria-label="Moment on the time line; arrow keys go from event to event"
      aria-valuemin={knownFrom ?? now}
      aria-valuemax={now}
      aria-valuenow={at ?? now}
      aria-valuetext={happening ? `${text}: ${describe(happening, nameIn(room.view().world))}` : text}
    />
  );
}

interface Drawn {
  room: Room;
  past: Past;
  travel: Travel;
  recordings: Recordings;
  shown(): { rows: readonly Row[]; ghosts: readonly Ghost[] };
}

/** Draws whenever something has changed, at most once a frame. */
function followDrawing(
  place: HTMLElement,
  canvas: HTMLCanvasElement,
  { room, past, travel, recordings, shown }: Drawn,
) {
  const pen = canvas.getContext('2d', { alpha: false });
  const stops = followStops();
  let look: Look | undefined;
  let theme: string | undefined;
  let frame = 0;
  const draw = (): void => {
    frame = 0;
    if (!pen) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    if (theme !== document.documentElement.dataset.theme || !look) look = lookIn(place);
    theme = document.documentElement.dataset.theme;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    const { timeline, knownFrom = Number.POSITIVE_INFINITY, oldest = Number.NEGATIVE_INFINITY } = past.view();
    const { at, window } = travel.view();
    const { world } = room.view();
    const now = houseNow();
    const stateNow = (lane: string): string =>
      (lane.startsWith('relay/') ? world.relays : world.cameras).find(({ id }) => lane.endsWith(`/${id}`))?.state ?? '';
    const { rows, ghosts } = shown();
    const span = spanOf(window, now);
    const { scrollTop } = place;
    paint(pen, {
      ...{ width, height, span, rows, scrollTop, timeline, stateNow, knownFrom, oldest, now, at, ghosts, look },
      stops: stops(past.view(), world.relays, recordings.view()),
      recorded: recordings.view(),
    });
  };
  const redraw = (): void => {
    frame ||= requestAnimationFrame(draw);
  };
  const timer = setInterval(redraw, TICK_MS);
  const leave = [travel.subscribe(redraw), past.subscribe(redraw), recordings.subscribe(redraw)];
  place.addEventListener('scroll', redraw);
  redraw();
  return {
    redraw,
    end(): void {
      clearInterval(timer);
      cancelAnimationFrame(frame);
      for (const end of leave) end();
      place.removeEventListener('scroll', redraw);
    },
  };
}

/** A click goes to the event under it, or else to the moment. */
function pickEvent(
  at: number,
  y: number,
  canvas: HTMLElement,
  place: HTMLElement,
  rows: readonly Row[],
  past: Past,
  travel: Travel,
): void {
  const row = y < AXIS_PX ? undefined : rowAt(rows, y - AXIS_PX + place.scrollTop);
  const { all } = past.view().timeline;
  const nearest = ([-1, 1] as const)
    .flatMap((direction) => (row?.lane ? (step(all, { at }, direction, [row.lane]) ?? []) : []))
    .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
  const reachMs = (PICK_PX / canvas.clientWidth) * travel.view().window.spanMs;
  if (nearest && Math.abs(nearest.at - at) <= reachMs) travel.go(nearest.at, nearest.seq);
  else travel.go(at);
}
