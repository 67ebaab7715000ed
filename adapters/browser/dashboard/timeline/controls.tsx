import { houseNow } from '../../player/house-time.ts';
import { useFollowed } from '../hooks.ts';
import { duration } from '../time.ts';
import { exactTime, zoneText } from './describe.ts';
import type { Past } from './past.ts';
import { SPEEDS, type Travel } from './travel.ts';
import { spanOf, zoom } from './window.ts';

/** Which moment is looked at, and the buttons that lead elsewhere. */
export function Controls({ past, travel }: { past: Past; travel: Travel }) {
  const { at, playing, speed, window } = useFollowed(travel);
  const { loading, failure, missedSince } = useFollowed(past);
  const now = houseNow();
  const { from, to } = spanOf(window, now);
  const zoomBy = (factor: number): void => {
    const anchor = at !== undefined && at > from && at < to ? at : Math.min(now, (from + to) / 2);
    travel.look(zoom(window, factor, anchor, now));
  };
  return (
    <div class="controls" role="toolbar" aria-label="Time">
      <p class={`moment ${at === undefined ? '' : 'past'}`}>
        {at === undefined ? (
          <b>Live</b>
        ) : (
          <>
            <b>{exactTime(at)}</b> <span>{duration(now - at)} ago</span>
          </>
        )}
      </p>
      <div class="buttons">
        <button type="button" onClick={() => travel.step(-1)} title="Event before (←)" aria-label="Event before">
          ◂
        </button>
        <button
          type="button"
          class="play"
          aria-pressed={playing}
          title="Play the events from here (space)"
          onClick={() => travel.play(!playing)}
        >
          {playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" onClick={() => travel.step(1)} title="Next event (→)" aria-label="Next event">
          ▸
        </button>
        {SPEEDS.map((one) => (
          <button
            key={one}
            type="button"
            class="speed"
            aria-pressed={speed === one}
            title={`Play ${one} times as fast (${SPEEDS.indexOf(one) + 1})`}
            onClick={() => travel.play(playing, one)}
          >
            {one}×
          </button>
        ))}
      </div>
      <div class="buttons">
        <button type="button" onClick={() => zoomBy(2)} title="Show more time (−)" aria-label="Show more time">
          −
        </button>
        <span class="shown">{duration(window.spanMs)}</span>
        <button type="button" onClick={() => zoomBy(0.5)} title="Show less time (+)" aria-label="Show less time">
          +
        </button>
      </div>
      <button type="button" class="to-live" disabled={at === undefined} onClick={() => travel.go(undefined)}>
        Back to live <kbd>Esc</kbd>
      </button>
      <p class="reading" aria-live="polite">
        {failure ? (
          <span class="failure">The past could not be read: {failure} Trying again.</span>
        ) : loading !== undefined ? (
          <>
            {missedSince === undefined ? 'Reading the past' : 'Reading what this page missed'}{' '}
            <progress value={loading} max={1} />
          </>
        ) : (
          `Times in ${zoneText(to)}`
        )}
      </p>
    </div>
  );
}
