import './fading.css';
import './past-bar.css';
import { fetchHls } from './hls-playback.ts';
import { houseNow } from './house-time.ts';
import { pastRights } from './past.ts';
import { createPastKeep, type MayKeep, mayKeep } from './past-keep.ts';
import { SPEEDS, speedText } from './past-speed.ts';
import { ago, isPast, type PastState, timeOf } from './past-state.ts';
import { createPastTrack } from './past-track.ts';
import type { Player } from './player.ts';
import { isTyping } from './typing.ts';

const JUMP_MS = 10_000;
const TICK_MS = 250;
/** How long it is told why the past can't be shown. */
const WHY_FOR_MS = 8_000;

/** What the keys of the bar do, for a help. */
export const PAST_KEYS: readonly (readonly [key: string, does: string])[] = [
  ['J, L', 'ten seconds back, and on again, where the camera is recorded'],
  ['K', 'hold the past, or go on'],
  [', .', 'the picture before, and the one after'],
  ['< >', 'slower, and faster'],
  ['[ ]', 'the event of the camera before, and the one after'],
  ['B', 'keep what the past shows from being deleted, where you may'],
  ['End', 'back to live'],
];

/** What moves a player between live and the past: buttons, keys, and the moment that is on screen. */
export interface PastBar {
  /** Follows the player's past. */
  past(state: PastState): void;
  /** Holds the past, or goes on with it. */
  turn(): void;
  remove(): void;
}

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
 * Draws the bar into `host`, whose `data-past` says which state is shown, and hears its keys (`PAST_KEYS`).
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
  const buttons = part('div', bar, 'sbx-steps sbx-fading');
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
  /** Said for a while beside what is shown: what a key passed over, or why it led nowhere. */
  let note = { text: '', at: 0 };
  const track = createPastTrack(player, camera);

  const event = async (by: -1 | 1): Promise<void> => {
    note = { text: (await track.event(by)) ?? '', at: Date.now() };
    tick();
  };
  button('|‹', 'Event before', '[', () => void event(-1));
  buttons.append(track.element);
  const next = button('›|', 'Event after', ']', () => void event(1));
  const ago10 = button('−10 s', '10 seconds back', 'J', () => player.past.jump(-JUMP_MS));
  const before = button('‹', 'The picture before', ',', () => player.past.step(-1));
  const hold = button('Pause', 'Pause the past', 'K', () => player.past.turn());
  const after = button('›', 'The picture after', '.', () => player.past.step(1));
  const on = button('+10 s', '10 seconds on', 'L', () => player.past.jump(JUMP_MS));
  const speed = part('select', buttons);
  speed.title = 'Speed (< >)';
  speed.setAttribute('aria-label', 'Speed');
  speed.setAttribute('aria-keyshortcuts', '< >');
  speed.append(...SPEEDS.map((one) => new Option(speedText(one), String(one))));
  const paced = (): void => {
    speed.value = String(player.past.speed);
  };
  speed.onchange = () => {
    player.past.play(Number(speed.value));
    // The keys of the player are heard again.
    speed.blur();
  };
  const live = button('Live', 'Back to live', 'End', () => player.past.back());
  const keep = createPastKeep(player.door, camera, {
    kept(text) {
      note = { text, at: Date.now() };
      track.again();
      tick();
    },
    closed: () => (offered?.hidden === false ? offered : ago10).focus(),
  });
  /** There for whoever may keep anything. */
  let offered: HTMLButtonElement | undefined;
  bar.insertBefore(keep.element, buttons);
  const ofPast: HTMLElement[] = [next, before, hold, after, on, speed, live];
  for (const [key, by] of [
    ['<', -1],
    ['>', 1],
  ] as const) {
    keys.set(key, () => {
      if (!isPast(state)) return;
      player.past.pace(by);
      paced();
    });
  }

  const tick = (): void => {
    const moment = isPast(state) ? player.past.moment() : undefined;
    clock.textContent = moment === undefined ? '' : timeOf(moment);
    age.textContent = moment === undefined ? '' : ago(houseNow() - moment);
    if (moment !== undefined) clock.dateTime = new Date(moment).toISOString();
    const old = state.name === 'live' && Date.now() - state.since > WHY_FOR_MS;
    const noted = Date.now() - note.at > WHY_FOR_MS ? '' : note.text;
    const said = [old ? '' : worded(state), noted].filter(Boolean).join('. ');
    if (word.textContent !== said) word.textContent = said;
    when.hidden = said === '' && moment === undefined;
    if (!buttons.hidden) track.tick();
  };
  const draw = (): void => {
    host.dataset.past = state.name;
    const back = state.name === 'live';
    // The focus does not vanish with the button that had it.
    if (back && ofPast.some((one) => one === document.activeElement)) ago10.focus();
    for (const one of ofPast) one.hidden = back;
    paced();
    const held = state.name === 'held';
    hold.textContent = held ? 'Play' : 'Pause';
    hold.setAttribute('aria-label', held ? 'Go on with the past' : 'Pause the past');
    tick();
  };
  const offerToKeep = ({ bound }: MayKeep): void => {
    offered = button('Keep…', 'Keep this from being deleted', 'B', () => {
      const moment = isPast(state) ? player.past.moment() : undefined;
      if (moment !== undefined) keep.ask(moment, bound);
    });
    ofPast.push(offered);
    draw();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const act = keys.get(event.key.toLowerCase());
    if (!act) return;
    event.preventDefault();
    act();
  };

  document.addEventListener('keydown', press);
  const timer = window.setInterval(tick, TICK_MS);
  buttons.hidden = true;
  void pastRights(player.door, camera).then(async (rights) => {
    buttons.hidden = !rights;
    if (!rights) return;
    // The first press need not wait for it.
    fetchHls();
    const may = rights.keepable ? await mayKeep(player.door, camera) : undefined;
    if (may) offerToKeep(may);
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
      track.remove();
      delete host.dataset.past;
      bar.remove();
    },
  };
}
