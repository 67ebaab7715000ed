import { useEffect, useRef } from 'preact/hooks';
import { useFollowed } from '../../hooks.ts';
import type { Camera } from '../../model.ts';
import { exactTime } from '../describe.ts';
import type { Travel } from '../travel.ts';
import { MOST_PICTURES, type Pictures } from './pictures.ts';
import type { ScreenState } from './screen.ts';

const STEPS = [
  { by: -1, key: ',', sign: '‹', name: 'The picture before' },
  { by: 1, key: '.', sign: '›', name: 'The picture after' },
] as const;

/** What the chosen cameras showed at the moment, up to four of them side by side. */
export function PicturePanel(props: {
  pictures: Pictures;
  travel: Travel;
  cameras: readonly Camera[];
  /** Shown where none is chosen. */
  fallback: string;
}) {
  const { pictures, travel, cameras, fallback } = props;
  const { at, cameras: chosen } = useFollowed(travel);
  const states = useFollowed(pictures);
  const wanted = chosen.length > 0 ? chosen : [fallback];
  const shown = wanted.filter((id) => cameras.some((one) => one.id === id)).slice(0, MOST_PICTURES);
  const others = cameras.filter(({ id }) => !shown.includes(id));
  if (at === undefined) return null;
  return (
    <section class="pictures" aria-label="Recorded pictures">
      <div class={`picture-grid ${shown.length > 1 ? 'several' : ''}`}>
        {shown.map((id) => (
          <Picture
            key={id}
            camera={id}
            name={cameras.find((one) => one.id === id)?.name ?? id}
            at={at}
            pictures={pictures}
            state={states.get(id)}
            remove={shown.length > 1 ? () => travel.choose(shown.filter((other) => other !== id)) : undefined}
          />
        ))}
      </div>
      <PictureSteps pictures={pictures} />
      {shown.length < MOST_PICTURES && others.length > 0 && (
        <select
          aria-label="Show another camera beside"
          value=""
          onChange={({ currentTarget }) => {
            travel.choose([...shown, currentTarget.value]);
            currentTarget.value = '';
            // The keys of the time line are heard again.
            currentTarget.blur();
          }}
        >
          <option value="" disabled>
            {shown.length === 0 ? 'Show the picture of …' : 'Show beside it …'}
          </option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </section>
  );
}

/** One picture back or on, of all cameras together. */
function PictureSteps({ pictures }: { pictures: Pictures }) {
  return (
    <div class="picture-steps">
      {STEPS.map(({ by, key, sign, name }) => (
        <button
          key={key}
          type="button"
          title={`${name} (${key})`}
          aria-label={name}
          aria-keyshortcuts={key}
          onClick={() => pictures.step(by)}
        >
          {sign}
        </button>
      ))}
    </div>
  );
}

function Picture(props: {
  camera: string;
  name: string;
  at: number;
  pictures: Pictures;
  state: ScreenState | undefined;
  remove: (() => void) | undefined;
}) {
  const { camera, name, at, pictures, state, remove } = props;
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => (host.current ? pictures.show(camera, host.current) : undefined), [pictures, camera]);
  return (
    <figure class="recorded-picture" data-camera={camera} data-picture={state?.name ?? 'opening'}>
      <div class="picture-host" ref={host} role="img" aria-label={`${name}, recorded picture`} />
      <p class="picture-said" role="status">
        {state && 'why' in state ? state.why : state?.name === 'shown' ? '' : 'Fetching the picture…'}
      </p>
      <figcaption>
        <b>{name}</b> <time dateTime={new Date(at).toISOString()}>{exactTime(at)}</time>
        {remove && (
          <button type="button" aria-label={`Do not show ${name}`} title={`Do not show ${name}`} onClick={remove}>
            ×
          </button>
        )}
      </figcaption>
    </figure>
  );
}
