import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { startEdge, type TestEdge } from '../fixtures/edge.ts';
import { until } from '../fixtures/process.ts';

const FOLDER = '/hls/cam_001/ses_1/1795660902/c2lnbmF0dXJl';
const PLAYLIST = `${FOLDER}/480p.m3u8`;
const SEGMENT = `${FOLDER}/480p_1795660902.m4s`;

/** For how long copies may be given out without a gateway, in seconds. */
interface Bounds {
  playlist: number;
  right: number;
}

/** What a gateway answers, as far as an edge looks at it, until it is away. */
async function openOrigin({ playlist, right }: Bounds, whenAway: (response: http.ServerResponse) => void) {
  let isAway = false;
  const kept: Record<string, string> = {
    [FOLDER]: `public, max-age=1, stale-if-error=${right}`,
    [PLAYLIST]: `public, max-age=1, stale-if-error=${playlist}`,
    [SEGMENT]: 'public, max-age=60, stale-if-error=60, immutable',
  };
  const server = http.createServer(({ url = '' }, response) => {
    if (isAway) return whenAway(response);
    response.writeHead(url === FOLDER ? 204 : 200, { 'cache-control': kept[url] ?? 'no-store' });
    response.end(url === FOLDER ? undefined : url);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    leave() {
      isAway = true;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const WAYS: [how: string, away: (response: http.ServerResponse) => void, bounds: Bounds][] = [
  [
    'says 503',
    (response) => response.writeHead(503, { 'cache-control': 'no-store' }).end(),
    { playlist: 4, right: 10 },
  ],
  // As one that is stopped: connections are taken, and nothing comes.
  ['hangs', () => {}, { playlist: 12, right: 30 }],
];

for (const [how, away, bounds] of WAYS) {
  describe(`an nginx edge before a gateway that ${how}`, function () {
    this.timeout(90_000);
    let origin: Awaited<ReturnType<typeof openOrigin>>;
    let edge: TestEdge;
    before(async () => {
      origin = await openOrigin(bounds, away);
      edge = await startEdge([origin.address]);
    });
    after(async () => {
      await edge?.close();
      origin?.close();
    });

    it('goes on with its copies while they are young enough, and with nothing once the right is too old', async () => {
      let slowestMs = 0;
      const get = async (file: string) => {
        const askedAt = performance.now();
        const { status, headers } = await fetch(`${edge.url}${file}`);
        slowestMs = Math.max(slowestMs, performance.now() - askedAt);
        return `${status} ${headers.get('x-cache')}`;
      };
      expect([await get(PLAYLIST), await get(SEGMENT)]).to.deep.equal(['200 MISS', '200 MISS']);
      origin.leave();
      await until('a stale playlist', async () => (await get(PLAYLIST)) === '200 STALE', 30_000, 100);
      await until('its age to be over', async () => /^50[24] /.test(await get(PLAYLIST)), 40_000, 100);
      expect(await get(SEGMENT)).to.equal('200 HIT');
      await until('the right to be over', async () => (await get(SEGMENT)).startsWith('500 '), 60_000, 100);
      // Right and file are waited for one after the other; the read time-out for what may wait is 30 s.
      expect(slowestMs).to.be.below(15_000);
    });
  });
}
