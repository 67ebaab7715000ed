import type { Measured } from './measure.ts';
import { type Moved, movedText } from './moved.ts';
import { sentence } from './sentence.ts';
import type { SoundState } from './sound.ts';
import { createSoundNote } from './sound-note.ts';
import type { PlayerState } from './state.ts';

/** What lies over the picture of the player page: what the player is doing, and how old the picture is. */
export interface Overlay {
  state(state: PlayerState): void;
  measured(measured: Measured): void;
  sound(state: SoundState): void;
  camera(state: string, why: string): void;
  link(up: boolean): void;
  moved(moved: Moved): void;
}

/** How long a move is told. */
const MOVED_FOR_MS = 8_000;

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1_000))} s`;

interface Message {
  word: string;
  /** What ticks: seen, but not read out every second. */
  ticking?: string;
  text: string;
}

/** What to tell a person about a state: a word and a sentence, or nothing while all is well. */
function messageOf(state: PlayerState, camera: string, at: number): Message | undefined {
  switch (state.name) {
    case 'playing':
      return undefined;
    case 'connecting':
      return { word: 'Connecting', text: camera };
    case 'paused':
      return { word: 'Paused here', text: 'Press space to go back to live.' };
    case 'stalled':
      return { word: 'No picture', ticking: `for ${seconds(at - state.since + state.silentMs)}`, text: camera };
    case 'reconnecting':
      return {
        word: 'Connecting again',
        ticking: state.nextAt - at > 1_000 ? `in ${seconds(state.nextAt - at)}` : '',
        text: camera || sentence(state.why),
      };
    case 'ended':
      return { word: 'Ended', text: sentence(state.text) };
  }
}

/** Draws the overlay into `host`. */
export function createOverlay(host: HTMLElement): Overlay {
  const part = (name: string, role?: string): HTMLElement => {
    const element = document.createElement('div');
    element.className = `sbx-${name}`;
    if (role) element.setAttribute('role', role);
    host.append(element);
    return element;
  };
  const message = part('message', 'status');
  const word = document.createElement('strong');
  const text = document.createElement('span');
  const heading = document.createElement('div');
  const ticking = document.createElement('span');
  ticking.setAttribute('aria-hidden', 'true');
  heading.append(word, ' ', ticking);
  message.append(heading, text);
  const age = part('age');
  const note = part('moved', 'status');
  note.hidden = true;
  const heard = createSoundNote(host);
  let noted = 0;
  let present: PlayerState = { name: 'connecting', since: Date.now() };
  let camera = '';

  const draw = (): void => {
    const said = messageOf(present, camera, Date.now());
    message.hidden = said === undefined;
    host.dataset.state = present.name;
    if (present.name !== 'playing') age.textContent = '';
    if (!said) return;
    // Written only when it changes: a screen reader announces each change.
    if (word.textContent !== said.word) word.textContent = said.word;
    ticking.textContent = said.ticking ?? '';
    if (text.textContent !== said.text) text.textContent = said.text;
  };
  window.setInterval(draw, 500);
  draw();
  return {
    state(state) {
      present = state;
      draw();
    },
    measured({ latency }) {
      if (present.name !== 'playing') return;
      age.textContent = latency ? `${latency.measured ? '' : '≈ '}${latency.ms} ms` : '';
      age.title = latency?.measured === false ? 'Estimated from the network and the browser' : 'Glass to glass';
    },
    camera(state, why) {
      camera = state === 'live' ? '' : sentence(why) || `The camera is ${state}.`;
      draw();
    },
    sound: heard.say,
    link(up) {
      host.toggleAttribute('data-link-away', !up);
    },
    moved(move) {
      note.textContent = movedText(move);
      note.hidden = false;
      window.clearTimeout(noted);
      noted = window.setTimeout(() => {
        note.hidden = true;
      }, MOVED_FOR_MS);
    },
  };
}
