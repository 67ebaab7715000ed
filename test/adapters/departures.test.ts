import { expect } from 'chai';
import { createDepartures } from '../../adapters/departures.switcher.ts';

/** A turn of the event loop: orders of one moment leave together. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('departure paths that are kept ready', () => {
  const orders: string[][] = [];
  const departed: string[] = [];
  const prepare = () => {
    orders.length = 0;
    departed.length = 0;
    return createDepartures({
      url: (_camera, relay, path) => `rtsp://127.0.0.1/${relay}/${path}`,
      order: (_camera, items) => orders.push(items.map(({ id }) => id)),
      depart: (_camera, id, rung) => departed.push(rung ? `${id} ${rung.name}` : id),
    });
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

  it('end at a relay that has lost the program', async () => {
    const departures = prepare();
    departures.serve('cam_1', ['relay-1', 'relay-2']);
    await turn();
    departures.serve('cam_1', ['relay-2']);
    await turn();
    expect(orders.at(-1)).to.have.length(2);
  });
});
