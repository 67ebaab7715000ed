import './page.css';
import { enterByCode } from './embedded.ts';
import type { ClockUse } from './measure.ts';
import { createOverlay } from './overlay.ts';
import { createPastBar, type PastBar } from './past-bar.ts';
import { Player } from './player.ts';

/**
 * The player alone: `/watch/CAMERA`, for embedding.
 * Query: `code=…` (on a page of another site), `via=whep`, `protocol=hls|webrtc`, `quality=480p`, `clock=every-frame|off`, `hot=1` (a second connection is kept ready).
 */
async function start(host: HTMLElement): Promise<void> {
  const camera = decodeURIComponent(location.pathname.split('/').filter(Boolean).pop() ?? '');
  const query = new URLSearchParams(location.search);
  document.title = `${camera} · Signalbox`;
  const overlay = createOverlay(host);
  const quality = query.get('quality');
  const protocol = query.get('protocol');
  const entered = await enterByCode(camera);
  if ('refusal' in entered) {
    const { reason, text } = entered.refusal;
    overlay.state({ name: 'ended', since: Date.now(), reason, text });
    return;
  }
  // The overlay was there first; the picture goes beneath it.
  const picture = document.createElement('div');
  host.prepend(picture);
  const player = new Player(picture, {
    camera,
    ...entered,
    via: query.get('via') === 'whep' ? 'whep' : 'websocket',
    hot: query.get('hot') === '1',
    clock: (query.get('clock') as ClockUse | null) ?? 'sampled',
    ...(quality ? { quality } : {}),
    ...(protocol === 'hls' || protocol === 'webrtc' ? { protocol } : {}),
    hears: { ...overlay, past: (state) => bar.past(state) },
  });
  const bar = createPastBar(host, player, camera);
  host.append(createControls(player, bar));
  window.addEventListener('pagehide', () => player.close());
  // A page that comes back from the browser's cache has a closed player.
  window.addEventListener('pageshow', (event) => event.persisted && location.reload());
}

function createControls(player: Player, past: PastBar): HTMLElement {
  const bar = document.createElement('div');
  bar.className = 'sbx-controls';
  const control = (key: string, label: () => string, act: () => unknown): (() => void) => {
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
    bar.append(button);
    return press;
  };
  const keys: Record<string, () => void> = {
    ' ': control(
      ' ',
      () => (player.state.name === 'paused' ? 'Live' : 'Pause'),
      () => {
        if (player.past.shown()) past.turn();
        else if (player.state.name === 'paused') player.resume();
        else player.pause();
      },
    ),
    m: control(
      'm',
      () => (player.muted ? 'Sound on' : 'Sound off'),
      () => {
        player.muted = !player.muted;
      },
    ),
    f: control(
      'f',
      () => 'Full screen',
      () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
    ),
  };
  document.addEventListener('keydown', (event) => {
    if (event.target instanceof Element && event.target.closest('form')) return;
    const press = keys[event.key.toLowerCase()];
    const onButton = event.target instanceof HTMLButtonElement && event.key === ' ';
    if (!press || onButton || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    press();
  });
  return bar;
}

const host = document.getElementById('watch');
if (host) void start(host);
