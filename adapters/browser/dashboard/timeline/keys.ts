import { useEffect } from 'preact/hooks';
import { houseNow } from '../../player/house-time.ts';
import { go } from '../route.ts';
import type { Pictures } from './pictures/pictures.ts';
import type { Travel } from './travel.ts';
import { spanOf, zoom } from './window.ts';

/** What the keys do on the time line, for the help. */
export const TIME_KEYS = [
  ['t', 'the time line; again, back'],
  ['← →', 'from event to event, of the chosen cameras or of all'],
  ['Home, End', 'the first and the last event'],
  ['Space', 'play and pause, log and pictures together'],
  [', .', 'hold, and show the picture before or after, of the camera that was chosen first'],
  ['< >', 'slower, and faster; 1, 2, 3: as it was, 8 times, 60 times as fast'],
  ['+ −', 'show less time, or more'],
  ['Escape', 'back to live'],
];

const DIGIT_SPEEDS = [1, 8, 60];

/** Moves through time by keys. */
export function useTimeKeys(travel: Travel, pictures: Pictures): void {
  useEffect(() => {
    const zoomBy = (factor: number): void => {
      const { window, at } = travel.view();
      const now = houseNow();
      const { from, to } = spanOf(window, now);
      travel.look(zoom(window, factor, at ?? Math.min(now, (from + to) / 2), now));
    };
    const actions: Record<string, () => void> = {
      ArrowLeft: () => travel.step(-1),
      ArrowRight: () => travel.step(1),
      Home: () => travel.toEnd('first'),
      End: () => travel.toEnd('last'),
      ' ': () => travel.play(!travel.view().playing),
      '+': () => zoomBy(0.5),
      '=': () => zoomBy(0.5),
      '-': () => zoomBy(2),
      Escape: () => (travel.view().at === undefined ? go({ name: 'wall' }) : travel.go(undefined)),
      t: () => go({ name: 'wall' }),
      '<': () => travel.pace(-1),
      '>': () => travel.pace(1),
      ',': () => pictures.step(-1),
      '.': () => pictures.step(1),
      ...Object.fromEntries(DIGIT_SPEEDS.map((speed, index) => [String(index + 1), () => travel.play(true, speed)])),
    };
    const press = (event: KeyboardEvent): void => {
      if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector('dialog[open]')) return;
      const { target } = event;
      if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return;
      // A focused button is pressed by space.
      if (event.key === ' ' && target instanceof HTMLElement && target.closest('button, summary, a')) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [travel, pictures]);
}
