import './ptz.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi, failureText } from './api.ts';
import type { Fact } from './model.ts';
import { createHold, type Direction, MOVE_FOR_MS, speedsOf } from './ptz-hold.ts';

interface Preset {
  token: string;
  name: string;
}

const SPEEDS = [
  ['Slow', 0.15],
  ['Medium', 0.45],
  ['Fast', 1],
] as const;
const KEYS: Record<string, Direction> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
  '+': 'in',
  '=': 'in',
  '-': 'out',
};
/** The pad, row by row; the arrow of each is turned from pointing up, in degrees. */
const PAD: readonly (readonly [string, number, ...Direction[]])[] = [
  ['Up and left', -45, 'up', 'left'],
  ['Up', 0, 'up'],
  ['Up and right', 45, 'up', 'right'],
  ['Left', -90, 'left'],
  ['Stop', 0],
  ['Right', 90, 'right'],
  ['Down and left', -135, 'down', 'left'],
  ['Down', 180, 'down'],
  ['Down and right', 135, 'down', 'right'],
];

/**
 * Moves a camera: a pad and zoom that move while they are held, and the positions that it remembers.
 * @param last the newest fact of its motors
 */
export function Ptz({ camera, last }: { camera: string; last: Fact | undefined }) {
  const path = `/api/v1/cameras/${encodeURIComponent(camera)}/ptz`;
  const [standing, setStanding] = useState<string>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    // Who may not move it is refused, and is shown nothing of it.
    callApi('GET', path).then(
      ({ why }) => setStanding(why.text),
      () => setStanding(undefined),
    );
  }, [path]);
  if (standing === undefined) return null;
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    setFailure('');
    await work.catch((error) => setFailure(failureText(error)));
  };
  const now = last?.why?.text ?? standing;
  return (
    <section class="ptz">
      <h2>Move</h2>
      <Pad path={path} failed={setFailure} stop={() => void attempt(callApi('POST', `${path}/stop`))} />
      <p role="status">{sentence(now)}</p>
      {failure && <p role="alert">{failure}</p>}
      <Presets path={path} saved={last?.from === 'saving' ? last.seq : 0} attempt={attempt} />
    </section>
  );
}

/** Held by pointer, finger or key; several keys at once lead slantwise. */
function Pad({ path, failed, stop }: { path: string; failed: (text: string) => void; stop: () => void }) {
  const [speed, setSpeed] = useState<number>(SPEEDS[1][1]);
  const [held, setHeld] = useState<readonly Direction[]>([]);
  const grips = useRef(new Map<string, readonly Direction[]>());
  const [hold] = useState(() =>
    createHold({
      move: (speeds) => callApi('POST', `${path}/move`, { ...speeds, for_ms: MOVE_FOR_MS }),
      stop: () => callApi('POST', `${path}/stop`),
      failed: (error) => failed(failureText(error)),
      later(ms, run) {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    }),
  );
  const follow = (): void => {
    const directions = [...grips.current.values()].flat();
    setHeld(directions);
    hold(speedsOf(directions, speed));
  };
  const grip = (by: string, directions: readonly Direction[]): void => {
    failed('');
    grips.current.set(by, directions);
    follow();
  };
  const release = (by: string): void => {
    if (grips.current.delete(by)) follow();
  };
  useEffect(() => {
    const releaseAll = (): void => {
      grips.current.clear();
      setHeld([]);
      hold(undefined);
    };
    // Nobody hears of a key that is let go elsewhere.
    addEventListener('blur', releaseAll);
    addEventListener('pagehide', releaseAll);
    return () => {
      removeEventListener('blur', releaseAll);
      removeEventListener('pagehide', releaseAll);
      releaseAll();
    };
  }, [hold]);

  const press = (event: KeyboardEvent): void => {
    const direction = KEYS[event.key];
    if (!direction || event.ctrlKey || event.metaKey || event.altKey) return;
    // The wall has a use for the arrow keys, too.
    event.stopPropagation();
    event.preventDefault();
    if (!event.repeat) grip(event.code, [direction]);
  };
  const handle = (label: string, sign: ComponentChildren, directions: readonly Direction[]) => (
    <button
      key={label}
      type="button"
      aria-label={label}
      title={label}
      class={directions.every((one) => held.includes(one)) ? 'held' : ''}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        grip(`pointer ${event.pointerId}`, directions);
      }}
      onLostPointerCapture={(event) => release(`pointer ${event.pointerId}`)}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        if (!event.repeat) grip(event.code, directions);
      }}
      onClick={(event) => {
        // Neither pointer nor key: a screen reader presses it, and a press has no length.
        if (event.detail !== 0) return;
        grip(label, directions);
        release(label);
      }}
    >
      {sign}
    </button>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's
    <div
      class="pad"
      role="group"
      aria-label="Move the camera: hold a button, or the arrow keys, + and -"
      onKeyDown={press}
      onKeyUp={(event) => release(event.code)}
      onFocusOut={() => {
        for (const by of [...grips.current.keys()]) if (!by.startsWith('pointer')) release(by);
      }}
    >
      <div class="ways">
        {PAD.map(([label, turn, ...directions]) =>
          directions.length > 0 ? (
            handle(label, <Arrow turn={turn} />, directions)
          ) : (
            <button key={label} type="button" class="stop" aria-label={label} title={label} onClick={stop}>
              ■
            </button>
          ),
        )}
      </div>
      <div class="zoom">
        {handle('Zoom in', '+', ['in'])}
        {handle('Zoom out', '−', ['out'])}
      </div>
      <label>
        Speed
        <select value={speed} onChange={({ currentTarget }) => setSpeed(Number(currentTarget.value))}>
          {SPEEDS.map(([label, value]) => (
            <option key={label} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Arrow({ turn }: { turn: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 20V4M5 11l7-7 7 7" transform={`rotate(${turn} 12 12)`} />
    </svg>
  );
}

/** The positions that a camera remembers, and a new one. @param saved changes when one was saved */
function Presets(props: { path: string; saved: number; attempt: (work: Promise<unknown>) => Promise<void> }) {
  const { path, saved, attempt } = props;
  const [presets, setPresets] = useState<Preset[]>([]);
  const [name, setName] = useState('');
  useEffect(() => {
    void attempt(callApi('GET', `${path}/presets`).then(({ items }) => setPresets(items)));
  }, [path, saved]);
  const go = ({ token }: Preset) => attempt(callApi('POST', `${path}/preset`, { preset: token }));
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    return attempt(callApi('POST', `${path}/presets`, { name: name.trim() }).then(() => setName('')));
  };
  const known = presets.some((preset) => preset.name === name.trim());
  return (
    <>
      {presets.length > 0 && (
        <ul class="presets" aria-label="Positions">
          {presets.map((preset) => (
            <li key={preset.token}>
              <button type="button" onClick={() => void go(preset)} title={`Go to ${preset.name}`}>
                {preset.name}
              </button>
            </li>
          ))}
        </ul>
      )}
      <form class="save" onSubmit={save}>
        <input
          required
          maxLength={64}
          pattern=".*\S.*"
          aria-label="Name of the position"
          placeholder="Name of this position"
          autocomplete="off"
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <button type="submit">{known ? 'Replace it' : 'Save it'}</button>
      </form>
    </>
  );
}
