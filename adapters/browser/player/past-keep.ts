import './past-keep.css';
import { type Door, knock } from './admission.ts';
import { houseNow } from './house-time.ts';
import type { PastBound } from './past-bound.ts';
import { keptAnswer, ROUND, stretchRound, stretchText } from './past-kept.ts';
import { timeOf } from './past-state.ts';

/** Somebody may keep what is recorded of a camera, as far back as they may look. */
export interface MayKeep {
  bound?: PastBound;
}

/** Keeps a stretch round a moment from being deleted, under a name. */
export interface PastKeep {
  readonly element: HTMLFormElement;
  /** Asks for the name. @param moment epoch ms */
  ask(moment: number, bound: PastBound | undefined): void;
}

const pathOf = (camera: string): string => `/api/v1/recordings/${encodeURIComponent(camera)}/bookmarks`;

/** Asks the gateway how far back whoever looks may keep something of a camera. @returns undefined where it does not say */
export async function mayKeep(door: Door, camera: string): Promise<MayKeep | undefined> {
  const response = await knock(door, `${pathOf(camera)}?limit=1`).catch(() => undefined);
  if (!response?.ok) return undefined;
  const { history } = await response.json();
  return history ? { bound: history } : {};
}

function labelled<E extends HTMLElement>(text: string, control: E): HTMLLabelElement {
  const label = document.createElement('label');
  label.append(`${text} `, control);
  return label;
}

function button(text: string, type: 'submit' | 'button'): HTMLButtonElement {
  return Object.assign(document.createElement('button'), { type, textContent: text });
}

/**
 * Makes the form, hidden until it is asked for.
 * @param hears `kept`: what to tell of it; `closed`: it has gone, so that the focus may go elsewhere
 */
export function createPastKeep(
  door: Door,
  camera: string,
  hears: { kept(text: string): void; closed(): void },
): PastKeep {
  const element = document.createElement('form');
  element.className = 'sbx-keep';
  element.setAttribute('aria-label', 'Keep this from being deleted');
  element.hidden = true;
  const fields = document.createElement('fieldset');
  const name = document.createElement('input');
  Object.assign(name, { required: true, maxLength: 200, pattern: '.*\\S.*', autocomplete: 'off' });
  const round = document.createElement('select');
  round.append(...ROUND.map(([ms, text]) => new Option(text, String(ms))));
  const stretch = document.createElement('output');
  const failure = document.createElement('p');
  failure.setAttribute('role', 'alert');
  const cancel = button('Cancel', 'button');
  fields.append(
    ...[labelled('Keep as', name), labelled('Before and after', round), stretch, button('Keep', 'submit'), cancel],
  );
  element.append(fields, failure);
  let asked: { moment: number; bound: PastBound | undefined } = { moment: 0, bound: undefined };

  const wished = () => stretchRound(asked.moment, Number(round.value), asked.bound, houseNow());
  const tell = (): void => {
    stretch.textContent = stretchText(wished());
  };
  const close = (): void => {
    element.hidden = true;
    hears.closed();
  };
  const send = async (): Promise<void> => {
    const wish = { ...wished(), name: name.value.trim() };
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(wish) };
    const response = await knock(door, pathOf(camera), init).catch(() => undefined);
    const answer = await response?.json().catch(() => undefined);
    if (!response?.ok) throw new Error(answer?.error ?? 'The gateway does not answer: try again.');
    hears.kept(keptAnswer(wish.name, wish, Number(answer.bytes)));
  };
  element.onsubmit = async (event) => {
    event.preventDefault();
    fields.disabled = true;
    failure.textContent = '';
    try {
      await send();
      close();
    } catch (error) {
      failure.textContent = `Not kept. ${(error as Error).message}`;
    } finally {
      fields.disabled = false;
    }
  };
  element.onkeydown = (event) => {
    if (event.key !== 'Escape') return;
    // It takes back the form, not what lies behind it.
    event.stopPropagation();
    close();
  };
  round.onchange = tell;
  cancel.onclick = close;
  return {
    element,
    ask(moment, bound) {
      asked = { moment, bound };
      failure.textContent = '';
      name.value = timeOf(moment);
      round.value = String(ROUND[1][0]);
      tell();
      element.hidden = false;
      // Whoever is in a hurry presses Enter; whoever is not types over it.
      name.select();
    },
  };
}
