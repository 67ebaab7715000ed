import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { PAST_KEYS } from '../player/past-bar.ts';
import { Icon } from './icons.tsx';
import { chooseTheme, chosenTheme, THEMES } from './theme.ts';
import { TIME_KEYS } from './timeline/keys.ts';
import { wordsFor } from './words.ts';

const KEYS = [
  ['Arrow keys', 'from camera to camera'],
  ['Enter', 'show the camera large'],
  ['Escape', 'back to the wall'],
  ['f', 'full screen, and back'],
  ['m', 'the sound of the large camera, on and off'],
  ['?', 'this help'],
  ...PAST_KEYS,
  ...TIME_KEYS,
];
const STATES = [
  ['live', 'the picture arrives and moves'],
  ['frozen', 'bytes arrive, but the picture stands still: what you see is old'],
  ['stalled', 'connected, but nothing arrives'],
  ['connecting', 'asking the camera, or waiting for its first picture'],
  ['offline', 'can’t be reached; the tile says why'],
  ['quarantined', 'comes and goes; left alone for a while'],
  ['idle', 'not connected because nobody watches'],
];

/** What the keys do and what the signs mean. */
export function Help({ close, guide }: { close: () => void; guide: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="help" ref={dialog} onClose={close} aria-label="Keys and signs">
      <h2>Keys</h2>
      <dl>
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h2>Signs</h2>
      <dl>
        {STATES.map(([state = '', means]) => (
          <div key={state}>
            <dt class={`legend state-${state}`}>
              <Icon sign={wordsFor(state).sign} /> {wordsFor(state).word}
            </dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
      <Appearance />
      <p class="buttons">
        <button type="button" onClick={guide}>
          Show me around
        </button>{' '}
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </p>
    </dialog>
  );
}

/** Dark, light, or as the system is set. */
function Appearance() {
  const [chosen, setChosen] = useState(chosenTheme());
  return (
    <fieldset>
      <legend>Appearance</legend>
      {THEMES.map((theme) => (
        <label key={theme}>
          <input
            type="radio"
            name="theme"
            checked={chosen === theme}
            onChange={() => {
              chooseTheme(theme);
              setChosen(theme);
            }}
          />{' '}
          {theme === 'system' ? 'as the system' : theme}
        </label>
      ))}
    </fieldset>
  );
}
