/* Plays what the demo's station receives of a camera, which the address names behind `#`. */
const { Hls } = globalThis;
const AGAIN_MS = 1000;
const picture = document.getElementById('picture');
const said = document.getElementById('said');
let player;

const say = (text) => {
  said.textContent = text;
};
const begin = () => {
  player?.destroy();
  const camera = decodeURIComponent(location.hash.slice(1));
  if (!/^[a-z0-9_-]+$/.test(camera)) return;
  document.getElementById('camera').textContent = camera;
  say('Nothing is received yet; HLS is some seconds behind.');
  player = new Hls();
  // Nobody publishes, or not long enough for a first segment.
  player.on(Hls.Events.ERROR, (_event, { fatal }) => {
    if (!fatal) return;
    say('Nothing is received just now.');
    setTimeout(begin, AGAIN_MS);
  });
  player.loadSource(`${camera}.m3u8`);
  player.attachMedia(picture);
};
picture.addEventListener('playing', () => say('On air, as the station shows it over HLS.'));
addEventListener('hashchange', begin);
begin();
