// A dashboard of one's own: cameras with their pictures and states, live, and the moving picture behind a click. The
// README ("A dashboard of your own") tells step by step how it is put to work.
//
//   node dashboard.mjs --token-file dashboard.token [--url http://127.0.0.1:8080] [--port 8090]
//
// The service token stays in this program: browsers see what it passes on, and never the token.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import { connect, Refused } from 'signalbox-client';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    'token-file': { type: 'string', default: 'dashboard.token' },
    port: { type: 'string', default: '8090' },
  },
});
const signalbox = connect({ url: values.url, token: readFileSync(values['token-file'], 'utf8').trim() });

/** Every camera that the token may see, as it stands now. @type {Map<string, string>} */
const cameras = new Map();
/** Open pages, as the answers that are being written to them. @type {Set<http.ServerResponse>} */
const pages = new Set();

/** @param {{ id: string, name: string, state: string, why: { text: string } }} camera */
function show({ id, name, state, why }) {
  const message = `data: ${JSON.stringify({ id, name, state, why: why.text })}\n\n`;
  cameras.set(id, message);
  for (const page of pages) page.write(message);
}

/** Follows the events for ever; what was missed while the gateway was away is told again by itself. */
async function follow() {
  for await (const event of signalbox.follow({ types: ['camera'] })) {
    // Subscribed first, listed then: nothing can happen in between unseen.
    if (event.type === 'gap') for await (const camera of signalbox.all('GET /api/v1/cameras')) show(camera);
    else {
      const id = event.subject.slice('camera/'.length);
      if (event.type === 'signalbox.camera.removed') cameras.delete(id);
      else if ('name' in event.data) show({ id, ...event.data });
    }
  }
}

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Cameras</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body { margin: 1rem; font: 16px system-ui; background: #16181d; color: #eee }
  main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)) }
  img, iframe { width: 100%; aspect-ratio: 16/9; object-fit: cover; background: #000; display: block; border: 0 }
  figure { margin: 0; border: 2px solid #c33 } figure[data-state=live] { border-color: #3a6 }
  figcaption { padding: .5rem }
</style><main></main>
<script>
  const tile = (id) => document.getElementById(id) ?? make(id);
  function make(id) {
    const figure = document.createElement('figure');
    figure.id = id;
    figure.innerHTML = '<a target="' + id + '" href="/live/' + id + '"><img></a><figcaption></figcaption>';
    // The link opens in a frame that takes the place of the picture.
    figure.querySelector('a').onclick = ({ currentTarget }) => {
      const frame = Object.assign(document.createElement('iframe'), { name: id, allow: 'autoplay; fullscreen' });
      currentTarget.after(frame);
      currentTarget.hidden = true;
    };
    document.querySelector('main').append(figure);
    return figure;
  }
  const refresh = (figure) => { figure.querySelector('img').src = '/pictures/' + figure.id + '?' + Date.now() };
  new EventSource('/events').onmessage = ({ data }) => {
    const { id, name, state, why } = JSON.parse(data);
    const figure = tile(id);
    figure.dataset.state = state;
    figure.querySelector('img').alt = name;
    figure.querySelector('figcaption').textContent = name + ': ' + state + (why && ' (' + why + ')');
    refresh(figure);
  };
  setInterval(() => document.querySelectorAll('figure').forEach(refresh), 5000);
</script></html>`;

/**
 * Answers a browser.
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 */
async function answer({ url = '/', headers }, response) {
  const [, what, camera_id = ''] = /^\/(pictures|live|events)?\/?([a-z0-9_-]*)/.exec(url) ?? [];
  if (what === 'pictures') {
    const picture = await signalbox.open('GET /api/v1/cameras/{camera_id}/poster.jpg', { path: { camera_id } });
    response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-store' });
    response.end(Buffer.from(await picture.arrayBuffer()));
  } else if (what === 'live') {
    // An address that is good once, on pages of this very origin: `http.allowed_origins` must name it.
    const body = { camera: camera_id, origin: `http://${headers.host}` };
    const embed = await signalbox.ask('POST /api/v1/embed', { body });
    response.writeHead(302, { location: embed.url, 'cache-control': 'no-store' }).end();
  } else if (what === 'events') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    for (const message of cameras.values()) response.write(message);
    pages.add(response);
    response.on('close', () => pages.delete(response));
  } else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
}

const server = http.createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.writeHead(error instanceof Refused ? error.status : 502, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(error.message);
  });
});
server.listen(Number(values.port), '127.0.0.1', () => {
  const at = server.address();
  console.log(`http://127.0.0.1:${typeof at === 'object' ? at?.port : values.port}/`);
});
follow().catch((error) => {
  console.error(`the gateway no longer lets this dashboard in: ${error.message}`);
  process.exit(1);
});
