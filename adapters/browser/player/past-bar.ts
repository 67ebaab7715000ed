import './past-bar.css';
import { houseNow } from './house-time.ts';
import { isRecorded } from './past.ts';
import { ago, isPast, type PastState } from './past-state.ts';
import type { Player } from './player.ts';

const STEP_MS = 10_000;
const TICK_MS = 250;
/** How long it is told why the past can't be shown. */
const WHY_FOR_MS = 8_000;

/** What moves a player between live and the past: buttons, keys, and the moment that is on screen. */
export interface PastBar {
  /** Follows the player's past. */
  past(state: PastState): void;
  /** Holds the past, or goes on with it. */
  turn(): void;
  remove(): void;
}

const timeOf = (at: number): string =>
  new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

function worded(state: PastState): string {
  switch (state.name) {
    case 'live':
      return state.why ?? '';
    case 'opening':
    case 'seeking':
      return `Going to ${timeOf(state.moment)}`;
    case 'playing':
      return state.why ?? 'Past, not live';
    case 'held':
      return 'Past, paused';
    case 'returning':
      return 'Going to live';
  }
}

function part<K extends keyof HTMLElementTagNameMap>(
  name: K,
  parent: HTMLElement,
  className = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.className = className;
  parent.append(element);
  return element;
}

/**
 * Draws the bar into `host`, whose `data-past` says which state is shown. Keys: J ten seconds back, L ten on, K holds,
 * End goes to live.
 */
export function createPastBar(host: HTMLElement, player: Player, camera: string): PastBar {
  const bar = part('div', host, 'sbx-past');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-label', 'Live and past');
  const when = part('div', bar, 'sbx-when');
  const word = part('strong', when);
  word.setAttribute('role', 'status');
  // What ticks is seen, but not read out every second.
  const clock = part('time', when);
  const age = part('span', when);
  const buttons = part('div', bar, 'sbx-steps');
  const keys = new Map<string, () => void>();
  const button = (text: string, name: string, key: string, press: () => void): HTMLButtonElement => {
    const element = part('button', buttons);
    element.type = 'button';
    element.textContent = text;
    element.title = `${name} (${key})`;
    element.setAttribute('aria-label', name);
    element.setAttribute('aria-keyshortcuts', key);
    element.onclick = press;
    keys.set(key.toLowerCase(), press);
    return element;
  };
  let state: PastState = player.past.state;

  button('−10 s', '10 seconds back', 'J', () => player.past.jump(-STEP_MS));
  const hold = button('Pause', 'Pause the past', 'K', () => player.past.turn());
  const on = button('+10 s', '10 seconds on', 'L', () => player.past.jump(STEP_MS));
  const live = button('Live', 'Back to live', 'End', () => player.past.back());

  const tick = (): void => {
    const moment = isPast(state) ? player.past.moment() : undefined;
    clock.textContent = moment === undefined ? '' : timeOf(moment);
    age.textContent = moment === undefined ? '' : ago(houseNow() - moment);
    if (moment !== undefined) clock.dateTime = new Date(moment).toISOString();
    const old = state.name === 'live' && Date.now() - state.since > WHY_FOR_MS;
    const said = old ? '' : worded(state);
    if (word.textContent !== said) word.textContent = said;
    when.hidden = said === '' && moment === undefined;
  };
  const draw = (): void => {
    host.dataset.past = state.name;
    const back = state.name === 'live';
    // The focus does not vanish with the button that had it.
    if (back && [hold, on, live].some((one) => one === document.activeElement))
      buttons.querySelector('button')?.focus();
    for (const one of [hold, on, live]) one.hidden = back;
    const held = state.name === 'held';
    hold.textContent = held ? 'Play' : 'Pause';
    hold.setAttribute('aria-label', held ? 'Go on with the past' : 'Pause the past');
    tick();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest('input, textarea, select, dialog')) return;
    const act = keys.get(event.key.toLowerCase());
    if (!act) return;
    event.preventDefault();
    act();
  };

  document.addEventListener('keydown', press);
  const timer = window.setInterval(tick, TICK_MS);
  buttons.hidden = true;
  void isRecorded(player.door, camera).then((recorded) => {
    buttons.hidden = !recorded;
  });
  draw();
  return {
    past(next) {
      state = next;
      if (isPast(state)) buttons.hidden = false;
      draw();
    },
    turn: () => player.past.turn(),
    remove() {
      document.removeEventListener('keydown', press);
      window.clearInterval(timer);
      delete host.dataset.past;
      bar.remove();
    },
  };
}
