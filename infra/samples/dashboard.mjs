// A dashboard of one's own, on /openapi.json and /asyncapi.json alone: cameras with their pictures and states, live.
//
//   signalbox service add dashboard --role viewer --zone '*' > dashboard.token
//   node infra/samples/dashboard.mjs --token-file dashboard.token [--url http://127.0.0.1:8080] [--port 8090]
//
// The service token stays in this program: browsers see what it passes on, and never the token.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    'token-file': { type: 'string' },
    port: { type: 'string', default: '8090' },
  },
});
const token = readFileSync(values['token-file'], 'utf8').trim();
const ask = (route, headers = {}) =>
  fetch(values.url + route, { headers: { authorization: `Bearer ${token}`, ...headers } });

/** Every camera that the token may see, as it stands now. */
const cameras = new Map();
/** Open pages, as the answers that are being written to them. */
const pages = new Set();

function show({ id, name, zone, state, why }) {
  cameras.set(id, { id, name, zone, state, why: why?.text ?? '' });
  for (const page of pages) page.write(`data: ${JSON.stringify(cameras.get(id))}\n\n`);
}

/** All cameras, page by page: `{"items": [...], "next": cursor-or-null}`. */
async function load() {
  let cursor = '';
  do {
    const answer = await ask(`/api/v1/cameras?limit=500${cursor && `&cursor=${cursor}`}`);
    if (!answer.ok) throw new Error(`the list of cameras was refused: ${await answer.text()}`);
    const { items, next } = await answer.json();
    for (const camera of items) show(camera);
    cursor = next;
  } while (cursor);
}

/** The blocks of a text stream, as `{id, event, data}`. */
async function* blocksIn(body) {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => /^(id|event|data): (.*)$/.exec(line)?.slice(1));
      yield Object.fromEntries(fields.filter(Boolean));
    }
  }
}

/** Follows the events for ever: what was missed while the stream was broken is told again, by its sequence. */
async function follow() {
  let last;
  for (;;) {
    try {
      const answer = await ask('/api/v1/events?types=camera', last === undefined ? {} : { 'last-event-id': last });
      if (!answer.ok) throw new Error(`events were refused: ${await answer.text()}`);
      // Subscribed first, listed then: nothing can happen in between unseen.
      await load();
      for await (const { id, event, data } of blocksIn(answer.body)) {
        if (id !== undefined) last = id;
        if (event === 'resync') await load();
        else if (event === undefined && data !== undefined) {
          const fact = JSON.parse(data);
          const camera = fact.subject.slice('camera/'.length);
          // A standby source that comes or goes is told as well, and leaves the state as it is.
          if (fact.type === 'signalbox.camera.removed') cameras.delete(camera);
          else show({ id: camera, ...fact.data });
        }
      }
    } catch (error) {
      console.error(`${error.message}; trying again`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Cameras</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  body { margin: 1rem; font: 16px system-ui; background: #16181d; color: #eee }
  main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)) }
  img { width: 100%; aspect-ratio: 16/9; object-fit: cover; background: #000; display: block }
  figure { margin: 0; border: 2px solid #c33 } figure[data-state=live] { border-color: #3a6 }
  figcaption { padding: .5rem }
</style><main></main>
<script>
  const tile = (id) => document.getElementById(id) ?? make(id);
  function make(id) {
    const figure = document.createElement('figure');
    figure.id = id;
    figure.append(document.createElement('img'), document.createElement('figcaption'));
    document.querySelector('main').append(figure);
    return figure;
  }
  const refresh = (figure) => { figure.querySelector('img').src = '/pictures/' + figure.id + '.jpg?' + Date.now() };
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

/** A picture as the gateway has it now; cameras that the token may not see are refused there. */
async function picture(camera, response) {
  const answer = await ask(`/api/v1/cameras/${encodeURIComponent(camera)}/poster.jpg`);
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

const server = http.createServer((request, response) => {
  const [, camera] = /^\/pictures\/([a-z0-9_-]+)\.jpg/.exec(request.url) ?? [];
  if (request.url === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(PAGE);
  else if (camera) picture(camera, response).catch((error) => response.writeHead(502).end(error.message));
  else if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    for (const known of cameras.values()) response.write(`data: ${JSON.stringify(known)}\n\n`);
    pages.add(response);
    response.on('close', () => pages.delete(response));
  } else response.writeHead(404).end();
});
server.listen(Number(values.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
void follow();
