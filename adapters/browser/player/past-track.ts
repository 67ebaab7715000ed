import { houseNow } from './house-time.ts';
import { boundAt, boundText } from './past-bound.ts';
import { type CameraPast, eventFrom, placeIn, type Stretch, toldOf } from './past-events.ts';
import { readCameraPast } from './past-reading.ts';
import { isPast, timeOf } from './past-state.ts';
import type { Player } from './player.ts';
import { createThumbnailCard } from './thumbnail-card.ts';

const AGAIN_MS = 10_000;
/** Whoever presses a key wants to go by what has just happened. */
const FRESH_MS = 1_000;
const STEP_MS = 100;
/** A pointer that has rested for so long points at nothing any more. */
const RESTS_MS = 10_000;
/** Nearer than this a pointer means the event. */
const NEAR_PX = 5;

/**
 * The last hour of a camera as a line to drag on: what is recorded, what is missing and why, what happened. It grows with
 * the hour, but stands still while somebody points at it: they get the moment that they were shown.
 */
export interface PastTrack {
  readonly element: HTMLElement;
  /** Follows what is on screen. */
  tick(): void;
  /** To the event before (-1) or after (1). @returns what is to be said: what it passed over, or why it leads nowhere */
  event(by: -1 | 1): Promise<string | undefined>;
  /** What it shows has changed: it is read anew. */
  again(): void;
  remove(): void;
}

/** What of the line may not be looked at. */
function closedIn({ bound, window }: CameraPast): Stretch | undefined {
  const to = bound && boundAt(bound, window.to);
  return to !== undefined && to > window.from ? { from: window.from, to } : undefined;
}

/** @param camera whose past is shown */
export function createPastTrack(player: Player, camera: string): PastTrack {
  const element = document.createElement('div');
  element.className = 'sbx-track';
  element.hidden = true;
  const line = document.createElement('div');
  line.className = 'sbx-drawn';
  const slider = document.createElement('input');
  slider.type = 'range';
  slider.step = String(STEP_MS);
  slider.setAttribute('aria-label', 'Moment of the last hour');
  const ends = document.createElement('p');
  ends.className = 'sbx-ends';
  element.append(line, slider, ends);
  const card = createThumbnailCard(element, player.door);
  let known: CameraPast | undefined;
  /** What the line shows of it: an older reading, while somebody points at it. */
  let drawn: CameraPast | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let pointedAt = Number.NEGATIVE_INFINITY;
  let dragging = false;
  /** Where the drag is, while another moment is still on its way. */
  let behind = false;

  const piece = ({ window }: CameraPast, className: string, { from, to }: Stretch): HTMLElement => {
    const one = document.createElement('i');
    one.className = className;
    one.style.left = `${placeIn(window, from) * 100}%`;
    if (to > from) one.style.width = `${(placeIn(window, to) - placeIn(window, from)) * 100}%`;
    return one;
  };
  const draw = (past: CameraPast): void => {
    drawn = past;
    card.hide();
    element.hidden = false;
    slider.min = String(past.window.from);
    slider.max = String(past.window.to);
    const closed = closedIn(past);
    ends.hidden = !closed;
    ends.textContent = past.bound && closed ? boundText(past.bound, past.window.to) : '';
    line.replaceChildren(
      ...(closed ? [piece(past, 'sbx-closed', closed)] : []),
      ...past.recorded.map((one) => piece(past, 'sbx-recorded', one)),
      ...past.gaps.map((one) => piece(past, 'sbx-gap', one)),
      ...(past.kept ?? []).filter(({ to }) => to > past.window.from).map((one) => piece(past, 'sbx-kept', one)),
      ...past.events
        .filter(({ at }) => at >= past.window.from)
        .map(({ at }) => piece(past, 'sbx-mark', { from: at, to: at })),
    );
  };
  const read = async (): Promise<void> => {
    readAt = performance.now();
    known = (await readCameraPast(player.door, camera, houseNow())) ?? known;
  };
  const follow = (): void => {
    behind = false;
    const at = Number(slider.value);
    // The line's end is as old as its reading, but means now.
    if (Number(slider.max) - at < STEP_MS) player.past.back();
    else player.past.go(at);
  };
  /** A small picture of a moment, and what is to be said of it. */
  const preview = (at: number): void => {
    if (!drawn) return;
    const { bound, recorded, window } = drawn;
    const { left, top, bottom, width } = slider.getBoundingClientRect();
    const closed = closedIn(drawn);
    const told = toldOf(drawn, at, (NEAR_PX * (window.to - window.from)) / width);
    const text = bound && closed && at < closed.to ? boundText(bound, houseNow()) : told;
    const isRecorded = recorded.some(({ from, to }) => at >= from && at < to);
    card.show({ camera, at, text, recorded: isRecorded }, left + placeIn(window, at) * width, top, bottom);
  };
  slider.onpointermove = ({ offsetX }) => {
    if (!drawn) return;
    pointedAt = performance.now();
    const { from, to } = drawn.window;
    preview(from + (offsetX / slider.clientWidth) * (to - from));
  };
  slider.onpointerleave = () => {
    pointedAt = Number.NEGATIVE_INFINITY;
    card.hide();
  };
  slider.onblur = card.hide;
  slider.oninput = () => {
    dragging = true;
    slider.setAttribute('aria-valuetext', timeOf(Number(slider.value)));
    preview(Number(slider.value));
    // One moment at a time: the picture follows as fast as it can be had.
    const { name } = player.past.state;
    if (name === 'opening' || name === 'seeking') behind = true;
    else follow();
  };
  slider.onchange = () => {
    dragging = false;
    pointedAt = Number.NEGATIVE_INFINITY;
    // What a press or a drag led to is on its way already, unless another moment was.
    if (behind) follow();
    // The keys of the player are heard again.
    slider.blur();
  };
  return {
    element,
    tick() {
      const { state } = player.past;
      const now = performance.now();
      if (now - readAt > AGAIN_MS) void read();
      if (known && known !== drawn && !dragging && now - pointedAt > RESTS_MS) draw(known);
      if (behind && state.name !== 'opening' && state.name !== 'seeking') follow();
      if (dragging || state.name === 'opening' || state.name === 'seeking') return;
      const at = isPast(state) ? player.past.moment() : undefined;
      slider.value = at === undefined ? slider.max : String(at);
    },
    async event(by) {
      // What happened a moment ago is what is looked for.
      if (performance.now() - readAt > FRESH_MS) await read();
      if (!known) return 'What happened to this camera can’t be read now.';
      const { state } = player.past;
      const going = state.name === 'opening' || state.name === 'seeking' ? state.moment : player.past.moment();
      const { to, why } = eventFrom(known, going ?? houseNow(), by);
      if (to !== undefined) player.past.go(to);
      return why;
    },
    again() {
      readAt = Number.NEGATIVE_INFINITY;
    },
    remove() {
      card.remove();
      element.remove();
    },
  };
}
