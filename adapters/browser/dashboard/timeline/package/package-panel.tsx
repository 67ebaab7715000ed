import { useEffect, useRef, useState } from 'preact/hooks';
import { houseNow } from '../../../player/house-time.ts';
import { sizeText } from '../../../player/size-text.ts';
import { failureText } from '../../api.ts';
import { useFollowed } from '../../hooks.ts';
import type { Camera } from '../../model.ts';
import type { Recordings } from '../pictures/recorded.ts';
import type { Span } from '../timeline-model.ts';
import type { Travel } from '../travel.ts';
import { spanOf } from '../window.ts';
import { fetchPackage, type PackageProgress, save } from './fetch.ts';
import { fieldOf, rangeShown, refusalOf } from './wish.ts';

/** Gives out video and log of the shown range as one signed file; for administrators. */
export function PackagePanel(props: {
  travel: Travel;
  recordings: Recordings;
  cameras: readonly Camera[];
  /** Taken where none is chosen. */
  fallback: string;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details class="package" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Export video and log…</summary>
      {open && <PackageForm {...props} />}
    </details>
  );
}

type Progress = PackageProgress | { name: 'idle' } | { name: 'failed'; why: string } | { name: 'done'; file: string };

function PackageForm(props: Parameters<typeof PackagePanel>[0]) {
  const { travel, recordings, cameras, fallback } = props;
  const { cameras: chosen, window } = useFollowed(travel);
  const known = useFollowed(recordings);
  const now = houseNow();
  // What is shown, until somebody says otherwise.
  const [own, setOwn] = useState<Partial<Span>>({});
  const [ticked, setTicked] = useState<readonly string[]>();
  const [progress, setProgress] = useState<Progress>({ name: 'idle' });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const isRecorded = (id: string): boolean => known.get(id)?.recorded.never === false;
  const offered = cameras.filter(({ id }) => isRecorded(id));
  const wanted = ticked ?? (chosen.length > 0 ? chosen : [fallback]);
  const wish = {
    ...{ ...rangeShown(spanOf(window, now), now), ...own },
    cameras: offered.flatMap(({ id }) => (wanted.includes(id) ? [id] : [])),
  };
  const refusal = refusalOf(wish, now);
  const busy = progress.name === 'packing' || progress.name === 'coming';
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const stop = new AbortController();
    running.current = stop;
    try {
      const made = await fetchPackage(wish, setProgress, stop.signal);
      save(made);
      setProgress({ name: 'done', file: made.name });
    } catch (error) {
      setProgress(stop.signal.aborted ? { name: 'idle' } : { name: 'failed', why: failureText(error) });
    }
  };
  const field = (name: 'from' | 'to', label: string) => (
    <label>
      {label}
      <input
        type="datetime-local"
        step="1"
        required
        value={Number.isNaN(wish[name]) ? '' : fieldOf(wish[name])}
        onChange={({ currentTarget }) => setOwn({ ...own, [name]: new Date(currentTarget.value).getTime() })}
      />
    </label>
  );
  return (
    <form onSubmit={make}>
      <p class="hint">
        One signed file: the cameras’ video, and the log of everything. <code>signalbox verify</code> proves it,{' '}
        <code>signalbox replay --file</code> replays its log.
      </p>
      <fieldset disabled={busy}>
        {field('from', 'From')}
        {field('to', 'Until')}
        {(own.from !== undefined || own.to !== undefined) && (
          <button type="button" onClick={() => setOwn({})}>
            The range that is shown
          </button>
        )}
        <fieldset class="package-cameras" aria-label="Cameras">
          {offered.map(({ id, name }) => (
            <label class="tick" key={id}>
              <input
                type="checkbox"
                checked={wish.cameras.includes(id)}
                onChange={({ currentTarget: { checked } }) =>
                  setTicked(checked ? [...wish.cameras, id] : wish.cameras.filter((one) => one !== id))
                }
              />{' '}
              {name}
            </label>
          ))}
          {offered.length === 0 && <p>No camera here is recorded.</p>}
        </fieldset>
      </fieldset>
      {refusal && !busy && <p>{refusal}</p>}
      <button type="submit" disabled={busy || refusal !== undefined}>
        Make the package
      </button>
      {busy && (
        <button type="button" onClick={() => running.current?.abort()}>
          Stop
        </button>
      )}
      <Told progress={progress} />
    </form>
  );
}

function Told({ progress }: { progress: Progress }) {
  switch (progress.name) {
    case 'idle':
      return null;
    case 'packing':
      return (
        <p role="status">
          The gateway reads and hashes the video… <progress />
        </p>
      );
    case 'coming': {
      const { bytes, of } = progress;
      return (
        <p role="status">
          {sizeText(bytes)} {of !== undefined && `of ${sizeText(of)}`} <progress value={bytes} max={of ?? bytes} />
        </p>
      );
    }
    case 'failed':
      return <p role="alert">No package was made: {progress.why}</p>;
    case 'done':
      return <p role="status">{progress.file} is among your downloads.</p>;
  }
}
