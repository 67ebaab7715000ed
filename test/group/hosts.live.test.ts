import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { openPasswords } from '../../adapters/passwords.scrypt.ts';
import { openPeople } from '../../adapters/people.files.ts';
import { connectNats, type NatsLink } from '../../bus/carriers/nats/connection.ts';
import { natsJournal } from '../../bus/carriers/nats/journal.ts';
import { startPublisher } from '../../bus/carriers/nats/publisher.ts';
import { id } from '../../bus/identity.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import { startChromium } from '../fixtures/chromium.ts';
import { figure } from '../fixtures/figures.ts';
import type { TestGroup } from '../fixtures/group.ts';
import { fallsTo, prepareHosts, type TestHosts } from '../fixtures/hosts.ts';
import { byCell, demandFaultless, readBooks } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { longestGapMs, type Watcher, watchCamera } from '../fixtures/watcher.ts';

const NAMES = ['north', 'south', 'east', 'west', 'gate', 'yard'];
/** A camera whose cell falls to a host's gateway. */
const cameraOf = (host: string): string => fallsTo(host, 'camera', NAMES, ['a', 'b']);

describe('an installation of two hosts', function () {
  this.timeout(120_000);
  const [ofA, ofB] = [cameraOf('a'), cameraOf('b')];
  let site: Site;
  let browser: Browser;
  let hosts: TestHosts;
  let a: TestGroup;
  let b: TestGroup;
  let watcher: Watcher;
  let link: NatsLink;
  let journal: Journal;

  before(async () => {
    [site, browser] = await Promise.all([startSite([ofA, ofB]), startChromium()]);
    hosts = await prepareHosts(['a', 'b'], { cameras: site.cameras() }, ['c']);
    a = await hosts.start('a');
    // Alone, it pulls every camera.
    for (const camera of [ofA, ofB]) await until(`${camera} to be live`, () => isLive(a, camera), 20_000);
    b = await hosts.start('b');
    link = await connectNats({ servers: b.group.nats.servers, name: 'test reader', replicas: 3 });
    journal = natsJournal(link, startPublisher(link));
  });
  after(async () => {
    await browser?.close();
    await link?.close();
    await hosts?.close();
    await site?.close();
  });

  const isLive = async (host: TestGroup, camera: string) =>
    (await host.api('GET', `/api/v1/cameras/${camera}`)).body.state === 'live';
  /** The gateway that holds a camera, by its last record. */
  const holderOf = async (camera: string) => {
    const last = await journal.last({ kind: 'camera', id: id(camera) });
    return last?.record.left ? undefined : last?.record.node;
  };
  const pulledAt = async (host: TestGroup, relay: string): Promise<string[]> => {
    const { items } = await host.askRelay(relay, 'paths/list');
    return items.map(({ name }: { name: string }) => name).filter((name: string) => name.startsWith('in/'));
  };

  it('shows a camera that is pulled on one at the other, whose gateway commands the switcher beside the intake', async () => {
    await until(`${ofB} to live at b`, async () => (await holderOf(ofB)) === 'b', 20_000, 100);
    expect(await pulledAt(b, 'intake-a')).to.include(`in/${ofB}/0`);
    expect(await pulledAt(b, 'intake-b')).to.deep.equal([]);
    watcher = await watchCamera(browser, b, ofB);
    await watcher.moving();
    // Its gateway is b, its switcher runs at a.
    const switched = await b.api('GET', `/api/v1/cameras/${ofB}`);
    expect(switched.body).to.include({ state: 'live' });
    for (const host of [a, b]) {
      for (const camera of [ofA, ofB]) await until(`${camera} to be live`, () => isLive(host, camera), 10_000);
    }
  });

  it('knows on each who was added on the other: people, tokens, cameras, and what was taken back', async () => {
    const password = await openPasswords().hash('a good long password');
    const lan = { id: 'lan', role: 'viewer' as const, cameras: [], zones: ['hcm/*'], must_change: false, since: 1 };
    openPeople(path.join(a.state, 'people.json')).add({ ...lan, password });
    const signIn = () => b.api('POST', '/api/v1/login', { user: 'lan', password: 'a good long password' }, '');
    await until('lan to sign in at b', async () => (await signIn()).status === 200);
    const token = a.token({ sub: 'mai', role: 'viewer' });
    expect((await b.api('GET', `/live/${ofA}/webrtc`, undefined, token)).status, 'signed at a').to.equal(200);
    expect((await b.api('POST', '/api/v1/revocations', { sub: 'mai' })).status).to.equal(201);
    const refused = async () => (await a.api('GET', `/live/${ofA}/webrtc`, undefined, token)).status === 401;
    await until('a to know of the revocation', refused);
    const [source] = (site.cameras()[ofA] as { sources: string[] }).sources;
    expect((await a.api('POST', '/api/v1/cameras', { id: 'extra', sources: [source] })).status).to.equal(201);
    await until('the added camera to be live at b', () => isLive(b, 'extra'), 20_000);
    const booked = async () => (await b.api('GET', '/api/v1/cameras/extra')).body.origin === 'overlay';
    await until('it to be in the books of b', booked);
    expect((await b.api('DELETE', '/api/v1/cameras/extra')).status).to.equal(204);
    await until('it to be gone at a', async () => (await a.api('GET', '/api/v1/cameras/extra')).status === 404);
  });

  it('plays HLS at either, wherever the ladder is made', async () => {
    for (const host of [a, b]) {
      const { status, body } = await host.api('GET', `/live/${ofA}/hls`);
      expect(status).to.equal(200);
      const at = new URL(body.hls_url).pathname;
      const beside = (name: string) => at.replace(/[^/]*$/, name);
      const read = async (route: string) => (await host.api('GET', route, undefined, '')).text;
      const master = await until(
        'the ladder',
        async () => {
          const answer = await host.api('GET', at, undefined, '');
          return answer.status === 200 ? answer.text : undefined;
        },
        30_000,
        200,
      );
      const [rung] = master.split('\n').filter((line) => line && !line.startsWith('#'));
      const media = await until(
        'a segment',
        async () => {
          const text = await read(beside(rung ?? ''));
          return /\.m4s/.test(text) ? text : undefined;
        },
        20_000,
        200,
      );
      const segment =
        media
          .split('\n')
          .filter((line) => line.endsWith('.m4s'))
          .at(-1) ?? '';
      expect((await host.api('GET', beside(segment), undefined, '')).status).to.equal(200);
      expect(
        (
          await host.api(
            'GET',
            `${beside(segment).replace(/[^/]+\/[^/]*$/, `${'x'.repeat(43)}/${segment}`)}`,
            undefined,
            '',
          )
        ).status,
      ).to.equal(403);
    }
  });

  it('shows the slate of a camera whose gateway is on another host than its switcher', async () => {
    // A camera that has just come has none yet.
    const clips = () => readdirSync(path.join(b.state, 'slates')).filter((name) => /\.(h264|hevc)$/.test(name));
    await until('its slate to be made', () => clips().length > 0, 20_000);
    await site.leave(ofB);
    const state = async () => (await b.api('GET', `/api/v1/cameras/${ofB}`)).body;
    await until('the slate', async () => ['holding', 'offline'].includes((await state()).state), 15_000);
    await watcher.moving(0, 5);
    await site.join(ofB);
    await until('its picture', async () => (await state()).state === 'live', 20_000);
    expect(b.logs()).to.not.include('no slate is prepared');
  });

  it('goes on when a host is cut off from the stores: the other owns its cells, and it writes and orders nothing', async () => {
    const cutAt = Date.now();
    hosts.cutOff('a', true);
    await until('b to hold the camera of a', async () => (await holderOf(ofA)) === 'b', 15_000, 20);
    figure('one of two hosts cut off: its cells taken up after', Date.now() - cutAt);
    await until('it to be live at b', () => isLive(b, ofA), 10_000);
    await watcher.moving(Date.now(), 20, 20_000);
    expect(await pulledAt(b, 'intake-a'), 'nothing that runs was moved').to.include(`in/${ofA}/0`);
    hosts.cutOff('a', false);
    await until('a to have its camera again', async () => (await holderOf(ofA)) === 'a', 30_000, 100);
    for (const camera of [ofA, ofB]) await until(`${camera} to be live at a`, () => isLive(a, camera), 15_000);
    await watcher.moving(Date.now(), 20, 20_000);
    // A cell changes hands only by a claim: of what the one that was cut off heard meanwhile, nothing stands there.
    const books = await readBooks(b.group);
    for (const [cell, entries] of byCell(books.entries)) {
      for (const [index, { seq, record }] of entries.entries()) {
        const before = entries[index - 1]?.record;
        if (before && before.node !== record.node && before.incarnation === record.incarnation) {
          expect(record.heard, `${cell} at ${seq}`).to.deep.equal([]);
        }
      }
    }
    demandFaultless(books);
  });

  it('loses a host whole: the other takes up its cells, pulls its cameras, and pictures are back', async () => {
    const killedAt = await hosts.lose('a');
    await until('b to hold the camera of a', async () => (await holderOf(ofA)) === 'b', 15_000, 20);
    figure('one of two hosts killed: its cells taken up after', Date.now() - killedAt);
    for (const camera of [ofA, ofB]) {
      await until(
        `${camera} to be pulled at b`,
        async () => (await pulledAt(b, 'intake-b')).includes(`in/${camera}/0`),
        15_000,
      );
      await until(`${camera} to be live`, () => isLive(b, camera), 15_000);
    }
    figure('one of two hosts killed: its cameras live again after', Date.now() - killedAt);
    await watcher.moving(Date.now(), 10, 20_000);
    figure('one of two hosts killed: the picture moves again after', Date.now() - killedAt);
    const other = await watchCamera(browser, b, ofA);
    await other.moving();
    await other.close();
  });

  it('takes a new machine in the place of the lost one, on which everybody is known', async () => {
    a = await hosts.start('a');
    // Signed with what it found: it has made no key of its own.
    expect((await b.api('GET', '/api/v1/cameras', undefined, a.token())).status).to.equal(200);
    const again = { user: 'lan', password: 'a good long password' };
    expect((await a.api('POST', '/api/v1/login', again, '')).status).to.equal(200);
    await until('its share of the cameras', async () => (await holderOf(ofA)) === 'a', 30_000, 100);
    for (const host of [a, b]) await until(`${ofA} to be live`, () => isLive(host, ofA), 15_000);
    const there = await watchCamera(browser, a, ofA);
    await there.moving();
    await there.close();
  });

  it('takes a further host in while it runs: the file names it, gateways come again in turn, and no picture stops', async () => {
    const processes = async () => [await a.processes(), await b.processes()].flat();
    const before = new Map((await processes()).map(({ name, pid }) => [pid, name]));
    const enlistedAt = Date.now();
    hosts.enlist('c');
    for (const host of [a, b]) {
      await until(
        'its gateway to know the new host',
        async () => {
          const { body } = await host.api('GET', '/api/v1/relays').catch(() => ({ body: {} }));
          return body.items?.some(({ id }: { id: string }) => id === 'relay-c');
        },
        60_000,
        200,
      );
    }
    // Whichever has come again tells the other's gateway, too, of the relays: both are awaited.
    const ended = async () => {
      const now = new Set((await processes()).map(({ pid }) => pid));
      return [...before].filter(([pid]) => !now.has(pid)).map(([, name]) => name);
    };
    await until('both gateways to have come again', async () => (await ended()).length >= 2, 60_000, 200);
    figure('a further host in the file: known to the gateways of two others after', Date.now() - enlistedAt);
    expect(await ended(), 'all else went on').to.deep.equal(['gateway', 'gateway']);
    const c = await hosts.start('c');
    for (const camera of [ofA, ofB]) await until(`${camera} to be live at c`, () => isLive(c, camera), 20_000);
    const again = { user: 'lan', password: 'a good long password' };
    expect((await c.api('POST', '/api/v1/login', again, '')).status).to.equal(200);
    const there = await watchCamera(browser, c, ofB);
    await there.moving();
    await there.close();
    for (const host of [a, b]) {
      await until(
        'the relays of c to serve the others',
        async () => {
          const { items } = (await host.api('GET', '/api/v1/relays')).body as {
            items: { id: string; state: string }[];
          };
          return items.filter(({ id, state }) => id.endsWith('-c') && state === 'serving').length === 2;
        },
        30_000,
        200,
      );
    }
    const shown = (await watcher.moving(Date.now(), 20, 20_000)).presented;
    const gap = longestGapMs(shown, enlistedAt);
    figure('a further host is taken in: longest gap between frames of a viewer at another', gap);
    // A camera that had to be pulled anew, or a player that connects again, takes longer.
    expect(gap).to.be.lessThan(2_000);
  });

  it('lets a host go that is stopped and struck out of the files: its relays are gone with their alarms', async () => {
    const relaysOf = async (host: TestGroup) => {
      const { body } = await host.api('GET', '/api/v1/relays').catch(() => ({ body: {} }));
      return (body.items ?? []) as { id: string; state: string }[];
    };
    const alarmsOf = async (host: TestGroup) => {
      const { body } = await host.api('GET', '/api/v1/alarms').catch(() => ({ body: {} }));
      return (body.items ?? [])
        .map(({ id: alarm }: { id: string }) => alarm)
        .filter((alarm: string) => /-c$/.test(alarm));
    };
    const dismissedAt = Date.now();
    await hosts.dismiss('c');
    for (const host of [a, b]) {
      await until(
        'its gateway to know no relay of that host',
        async () => {
          const items = await relaysOf(host);
          return items.length === 4 && items.every(({ id: relay }) => !relay.endsWith('-c'));
        },
        60_000,
        200,
      );
      await until('no alarm to be about one', async () => (await alarmsOf(host)).length === 0, 30_000, 200);
      await until(
        'it to be ready',
        async () => (await host.api('GET', '/readyz')).body.status === 'ready',
        20_000,
        200,
      );
    }
    figure('a host is struck out of the files: its relays are gone after', Date.now() - dismissedAt);
    for (const camera of [ofA, ofB]) await until(`${camera} to be live`, () => isLive(a, camera), 20_000);
    const said = new Map<string, string[]>();
    for await (const { record } of journal.read()) {
      if (record.kind !== 'relay' || !record.cell.endsWith('-c')) continue;
      const types = record.said.map(({ type }) => type.replace('signalbox.relay.', ''));
      said.set(record.cell, [...(said.get(record.cell) ?? []), ...types]);
    }
    for (const [relay, types] of said) {
      expect(
        types.filter((type) => type === 'removed'),
        `${relay} is removed once`,
      ).to.have.length(1);
      expect(types.at(-1), `${relay} comes back by no older file`).to.equal('removed');
    }
    expect([...said.keys()].sort()).to.deep.equal(['intake-c', 'relay-c']);
  });
});
