import { houseNow } from '../../player/house-time.ts';
import { AXIS_PX } from './paint.ts';
import type { Travel } from './travel.ts';
import { pan, spanOf, zoom } from './window.ts';

/** More than this is a drag, less is a click. */
const CLICK_PX = 4;
const WHEEL = 0.0016;
const LINE_PX = 16;

interface Touch {
  x: number;
  y: number;
}

/**
 * Wheel and pinch zoom, dragging moves, dragging on the axis takes the moment along, a click goes to a moment.
 * @param lanes the element that scrolls the lanes
 * @param pick a click at this place of the canvas
 * @returns a function that ends it
 */
export function followGestures(
  canvas: HTMLCanvasElement,
  lanes: HTMLElement,
  travel: Travel,
  pick: (at: number, y: number) => void,
): () => void {
  const touches = new Map<number, Touch>();
  let start: (Touch & { isScrub: boolean; moved: boolean }) | undefined;
  const momentAt = (x: number): number => {
    const { from, to } = spanOf(travel.view().window, houseNow());
    return from + (x / canvas.clientWidth) * (to - from);
  };
  const placeOf = (event: MouseEvent): Touch => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const zoomBy = (factor: number, x: number): void =>
    travel.look(zoom(travel.view().window, factor, momentAt(x), houseNow()));
  const panBy = (px: number): void => {
    const { window } = travel.view();
    travel.look(pan(window, (px / canvas.clientWidth) * window.spanMs, houseNow()));
  };

  const press = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const touch = placeOf(event);
    touches.set(event.pointerId, touch);
    start = touches.size === 1 ? { ...touch, isScrub: touch.y < AXIS_PX, moved: false } : undefined;
  };
  const move = (event: PointerEvent): void => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    const here = placeOf(event);
    const other = [...touches].find(([id]) => id !== event.pointerId)?.[1];
    touches.set(event.pointerId, here);
    if (other) {
      const apart = (touch: Touch): number => Math.max(20, Math.hypot(touch.x - other.x, touch.y - other.y));
      zoomBy(apart(before) / apart(here), (here.x + other.x) / 2);
    }
    if (!start || other) return;
    start.moved ||= Math.hypot(here.x - start.x, here.y - start.y) > CLICK_PX;
    if (!start.moved) return;
    if (start.isScrub) travel.go(momentAt(here.x));
    else panBy(before.x - here.x);
    if (event.pointerType === 'mouse' && !start.isScrub) lanes.scrollTop += before.y - here.y;
  };
  const release = (event: PointerEvent): void => {
    const touch = touches.get(event.pointerId);
    touches.delete(event.pointerId);
    if (touch && start && !start.moved && event.type === 'pointerup') pick(momentAt(touch.x), touch.y);
    start = undefined;
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const [x, y] = [event.deltaX * unit, event.deltaY * unit];
    if (event.shiftKey || Math.abs(x) > Math.abs(y)) panBy(x || y);
    else zoomBy(Math.exp(y * WHEEL * (event.ctrlKey ? 5 : 1)), placeOf(event).x);
  };
  const stop = new AbortController();
  const on = { signal: stop.signal };
  canvas.addEventListener('pointerdown', press, on);
  canvas.addEventListener('pointermove', move, on);
  canvas.addEventListener('pointerup', release, on);
  canvas.addEventListener('pointercancel', release, on);
  canvas.addEventListener('wheel', wheel, { ...on, passive: false });
  return () => stop.abort();
}
