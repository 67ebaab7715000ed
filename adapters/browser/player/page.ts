import './page.css';
import { type Control, createControls, soundControl } from './controls.ts';
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
  host.append(createControls([pauseControl(player, bar), soundControl(player), FULL_SCREEN]).element);
  window.addEventListener('pagehide', () => player.close());
  // A page that comes back from the browser's cache has a closed player.
  window.addEventListener('pageshow', (event) => event.persisted && location.reload());
}

const pauseControl = (player: Player, past: PastBar): Control => ({
  key: ' ',
  label: () => (player.state.name === 'paused' ? 'Live' : 'Pause'),
  act() {
    if (player.past.shown()) past.turn();
    else if (player.state.name === 'paused') player.resume();
    else player.pause();
  },
});
const FULL_SCREEN: Control = {
  key: 'f',
  label: () => 'Full screen',
  act: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
};

const host = document.getElementById('watch');
if (host) void start(host);
