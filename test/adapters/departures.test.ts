import { expect } from 'chai';
import { createDepartures, type Departed } from '../../adapters/departures.switcher.ts';

/** A turn of the event loop: orders of one moment leave together. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('departure paths that are kept ready', () => {
  const orders: string[][] = [];
  const departed: string[] = [];
  /** @param known what the switcher of the camera has already @param there who is on paths of it */
  const prepare = (known: string[] = [], there: Departed[] = []) => {
    orders.length = 0;
    departed.length = 0;
    const departures = createDepartures({
      url: (_camera, relay, path) => `rtsp://127.0.0.1/${relay}/${path}`,
      departed: () => there,
      order: (_camera, items) => orders.push(items.map(({ id }) => id)),
      depart: (_camera, id, rung) => departed.push(rung ? `${id} ${rung.name}` : id),
    });
    departures.hear({ type: 'departures', camera: 'cam_1', known, ready: [] });
    return departures;
  };
  type Prepared = ReturnType<typeof prepare>;
  const allReady = async (departures: Prepared) => {
    await turn();
    const known = orders.at(-1) ?? [];
    departures.hear({ type: 'departures', camera: 'cam_1', known, ready: known });
  };

  it('are two for each relay, handed out when they are ready, and refilled at once', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1', 'relay-2']);
    expect(departures.take('cam_1', 'relay-1'), 'none is ready yet').to.equal(undefined);
    await allReady(departures);
    expect(orders).to.have.length(1);
    expect(orders[0]).to.have.length(4);
    const one = departures.take('cam_1', 'relay-1') ?? expect.fail('none');
    expect(one.path).to.equal(`departure/cam_1/${orders[0]?.[0]}`);
    await turn();
    expect(orders.at(-1)).to.have.length(5);
    one.depart();
    expect(departed).to.deep.equal([orders[0]?.[0]]);
    one.close();
    one.close();
    await turn();
    expect(orders.at(-1)).to.have.length(4).and.not.include(departed[0]);
    expect(orders, 'closing twice is closing once').to.have.length(3);
  });

  it('begin at the relay that another one pulls from, anew where that is another, and not where it has no program', async () => {
    const published: string[] = [];
    const departures = createDepartures({
      url: (_camera, relay, path) => `rtsp://${relay}/${path}`,
      departed: () => [],
      order(_camera, items) {
        orders.push(items.map(({ id }) => id));
        published.splice(0, published.length, ...items.map(({ relay, url }) => `${relay} ${new URL(url).host}`));
      },
      depart() {},
    });
    departures.hear({ type: 'departures', camera: 'cam_1', known: [], ready: [] });
    departures.serve('cam_1', ['relay-1'], new Map([['far', 'relay-1']]));
    await allReady(departures);
    expect(published).to.deep.equal(Array(4).fill('relay-1 relay-1'));
    const taken = departures.take('cam_1', 'far') ?? expect.fail('none');
    departures.serve('cam_1', ['relay-1', 'relay-2'], new Map([['far', 'relay-2']]));
    await allReady(departures);
    expect(published.sort(), 'who is on his way stays').to.deep.equal([
      ...Array(3).fill('relay-1 relay-1'),
      ...Array(4).fill('relay-2 relay-2'),
    ]);
    expect(departures.take('cam_1', 'far')?.path).not.to.equal(taken.path);
    departures.serve('cam_1', ['relay-1'], new Map([['far', 'relay-2']]));
    await allReady(departures);
    expect(departures.take('cam_1', 'far')).to.equal(undefined);
  });

  it('are never handed out twice, and none beyond the bound', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1']);
    const paths = new Set<string>();
    for (let index = 0; index < 40; index += 1) {
      await allReady(departures);
      for (let each = 0; each < 2; each += 1) paths.add(departures.take('cam_1', 'relay-1')?.path ?? 'none');
    }
    expect(paths.size).to.equal(64 + 1);
    expect(paths).to.include('none');
  });

  it('begin with a rung that its camera’s switcher has, at the pace of a narrow line', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1']);
    await allReady(departures);
    const rung = { name: '360p', bps: 625_000 };
    expect(departures.take('cam_1', 'relay-1', rung), 'its ladder does not run').to.equal(undefined);
    const known = orders.at(-1) ?? [];
    departures.hear({ type: 'departures', camera: 'cam_1', known, ready: known, rungs: ['360p'] });
    expect(departures.take('cam_1', 'relay-1', { ...rung, name: '720p' })).to.equal(undefined);
    departures.take('cam_1', 'relay-1', rung)?.depart();
    expect(departed).to.deep.equal([`${known[0]} 360p`]);
  });

  it('are none where there is nothing to start with, or nobody knows the camera', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1']);
    await turn();
    departures.hear({ type: 'departures', camera: 'cam_1', known: orders[0] ?? [], ready: [] });
    expect(departures.take('cam_1', 'relay-1')).to.equal(undefined);
    expect(departures.take('cam_1', 'relay-9')).to.equal(undefined);
    expect(departures.take('cam_2', 'relay-1')).to.equal(undefined);
  });

  it('are ordered again of a switcher that has forgotten them, but not those that were on the way', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1']);
    await allReady(departures);
    const taken = departures.take('cam_1', 'relay-1') ?? expect.fail('none');
    await turn();
    departures.hear({ type: 'departures', camera: 'cam_1', known: [], ready: [] });
    await turn();
    expect(orders.at(-1)).to.have.length(2);
    expect(orders.at(-1)?.some((id) => taken.path.endsWith(id))).to.equal(false);
  });

  it('stay with those whom a former gateway sent off, until they leave; the others are taken back', async () => {
    let stays = true;
    const there = [{ path: 'departure/cam_1/old-1', relay: 'relay-1', stays: () => stays }];
    const departures = prepare(['old-1', 'old-2'], there);
    await turn();
    expect(orders.at(-1)).to.deep.equal(['old-1']);
    departures.serve('cam_1', ['relay-1']);
    await allReady(departures);
    expect(orders.at(-1), 'and two that are ready').to.have.length(3);
    const taken = [1, 2].map(() => departures.take('cam_1', 'relay-1')?.path);
    for (const path of taken) expect(path, 'nobody else is sent there').to.match(/^departure\/cam_1\/(?!old)/);
    departures.look('cam_1');
    await turn();
    expect(orders.at(-1)).to.include('old-1');
    stays = false;
    departures.look('cam_1');
    await turn();
    expect(orders.at(-1)).to.have.length(4).and.not.include('old-1');
  });

  it('are not ordered before the switcher has said which there are: it would take the others back', async () => {
    const there = [{ path: 'departure/cam_1/old-1', relay: 'relay-1', stays: () => true }];
    const departures = createDepartures({
      url: () => 'rtsp://127.0.0.1/',
      departed: () => there,
      order: (_camera, items) => orders.push(items.map(({ id }) => id)),
      depart() {},
    });
    orders.length = 0;
    departures.serve('cam_1', ['relay-1']);
    await turn();
    expect(orders).to.deep.equal([]);
    departures.hear({ type: 'departures', camera: 'cam_1', known: ['old-1'], ready: [] });
    await turn();
    expect(orders[0]).to.have.length(3).and.include('old-1');
  });

  it('tell which of them carry the camera’s own picture for want of their rung', async () => {
    const departures = prepare();
    departures.hear({ type: 'departures', camera: 'cam_1', known: ['a', 'b'], ready: [], lacking: ['b'] });
    expect(departures.lacksRung('cam_1', 'departure/cam_1/b')).to.equal(true);
    expect(departures.lacksRung('cam_1', 'departure/cam_1/a')).to.equal(false);
    expect(departures.lacksRung('cam_2', 'departure/cam_2/b')).to.equal(false);
    departures.hear({ type: 'departures', camera: 'cam_1', known: ['a', 'b'], ready: [] });
    expect(departures.lacksRung('cam_1', 'departure/cam_1/b'), 'its reader catches up').to.equal(true);
    departures.hear({ type: 'departures', camera: 'cam_1', known: ['a'], ready: [] });
    expect(departures.lacksRung('cam_1', 'departure/cam_1/b'), 'it is over').to.equal(false);
  });

  it('end at a relay that has lost the program', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1', 'relay-2']);
    await turn();
    departures.serve('cam_1', ['relay-2']);
    await turn();
    expect(orders.at(-1)).to.have.length(2);
  });
});
