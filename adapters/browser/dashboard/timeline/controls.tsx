import { houseNow } from '../../player/house-time.ts';
import { speedText } from '../../player/past-speed.ts';
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
          title="Play from here, log and pictures together (space)"
          onClick={() => travel.play(!playing)}
        >
          {playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" onClick={() => travel.step(1)} title="Next event (→)" aria-label="Next event">
          ▸
        </button>
        <select
          class="speed"
          aria-label="Speed"
          aria-keyshortcuts="< >"
          title="Speed (< >)"
          value={String(speed)}
          onChange={({ currentTarget }) => {
            travel.play(playing, Number(currentTarget.value));
            // The keys of the time line are heard again.
            currentTarget.blur();
          }}
        >
          {SPEEDS.map((one) => (
            <option key={one} value={String(one)}>
              {speedText(one)}
            </option>
          ))}
        </select>
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
