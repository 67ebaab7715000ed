import './controls.css';
import './fading.css';
import type { Player } from './player.ts';
import { isTyping } from './typing.ts';

/** A button with a key of its own. */
export interface Control {
  /** As `KeyboardEvent.key` has it, in small letters. */
  key: string;
  /** What it would do now. */
  label(): string;
  act(): unknown;
}

/** Buttons over a picture. */
export interface Controls {
  element: HTMLElement;
  /** Takes them away, with their keys. */
  remove(): void;
}

/** Turns what is heard of a player on and off. */
export const soundControl = (player: Player): Control => ({
  key: 'm',
  label: () => (player.muted ? 'Sound on' : 'Sound off'),
  act() {
    player.muted = !player.muted;
  },
});

/** Makes buttons, and hears their keys until they are removed. */
export function createControls(controls: readonly Control[]): Controls {
  const element = document.createElement('div');
  element.className = 'sbx-controls sbx-fading';
  const keys = new Map<string, () => void>();
  for (const { key, label, act } of controls) {
    const button = document.createElement('button');
    button.type = 'button';
    const name = (): void => {
      button.textContent = label();
      button.title = `${label()} (${key === ' ' ? 'space' : key})`;
    };
    const press = (): void => {
      act();
      name();
    };
    button.addEventListener('click', press);
    name();
    element.append(button);
    keys.set(key, press);
  }
  const hear = (event: KeyboardEvent): void => {
    const press = keys.get(event.key.toLowerCase());
    const onButton = event.target instanceof HTMLButtonElement && event.key === ' ';
    if (!press || onButton || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press();
  };
  document.addEventListener('keydown', hear);
  return {
    element,
    remove() {
      document.removeEventListener('keydown', hear);
      element.remove();
    },
  };
}
