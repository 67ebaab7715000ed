import { sentence } from './sentence.ts';
import type { SoundState } from './sound.ts';

/** What is said of a player's sound over its picture. */
export interface SoundNote {
  say(state: SoundState): void;
  remove(): void;
}

/** What to tell a person who turned the sound on and hears nothing. */
function soundText(state: SoundState): string {
  if (state.name === 'coming') return 'The sound is coming …';
  if (state.name !== 'none') return '';
  return state.retrying ? `No sound: ${sentence(state.text)} Trying again.` : sentence(state.text);
}

/** Says it in `host`, whose `data-sound` names the state. */
export function createSoundNote(host: HTMLElement): SoundNote {
  const note = document.createElement('div');
  note.className = 'sbx-sound';
  note.setAttribute('role', 'status');
  host.append(note);
  return {
    say(state) {
      note.textContent = soundText(state);
      host.dataset.sound = state.name;
    },
    remove() {
      delete host.dataset.sound;
      note.remove();
    },
  };
}
