import { expect } from 'chai';
import { createDepartures } from '../../../adapters/departures.switcher.ts';
import { carryOrder, type DeparturesOrder, departuresOrder } from '../../../adapters/switch.rtp/talk.ts';
import { ConfigError } from '../../../infra/config/fault.ts';
import { readConfig } from '../../../infra/config.ts';

const listing = (count: number) =>
  `relays: [${Array.from({ length: count }, (_, index) => `{ id: r${index + 1}, api: "https://r.example.com", rtsp: "rtsps://r.example.com", whep: "https://r.example.com" }`)}]\n`;
/** The delivery relays of a file that lists as many as one may. */
const relays = (() => {
  for (let count = 1; ; count += 1) {
    try {
      readConfig('/etc/sbx.yaml', listing(count + 1), {});
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return readConfig('/etc/sbx.yaml', listing(count), {})
        .relays.filter(({ role }) => role === 'delivery')
        .map(({ id }) => id);
    }
  }
})();
const url = 'rtsp://127.0.0.1/x';

describe('what a switcher is told', () => {
  it('has room for a camera at as many delivery relays as a configuration may list', () => {
    expect(relays.length).to.be.greaterThan(16);
    const source = { id: '0', url };
    carryOrder.parse({
      ...{ type: 'carry', epoch: 1, camera: 'cam_1', name: 'North gate', sources: [source], armed: [] },
      outputs: relays.map((relay) => ({ relay, url })),
      ...{ active: { source: '0', how: 'clean', run: 1 }, silent_ms: 900, keyframes: false },
    });
  });

  it('has room for its departure paths there, with as many taken as may be', async () => {
    let items: DeparturesOrder['items'] = [];
    const departures = createDepartures({
      url: () => url,
      departed: () => [],
      order(_camera, ordered) {
        items = ordered;
      },
      depart() {},
    });
    const hear = () => {
      const known = items.map(({ id }) => id);
      departures.hear({ type: 'departures', camera: 'cam_1', known, ready: known });
    };
    hear();
    departures.serve('cam_1', relays);
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      hear();
      if (!relays.some((relay) => departures.take('cam_1', relay))) break;
    }
    expect(items.length).to.be.greaterThan(relays.length * 2);
    departuresOrder.parse({ type: 'departures', epoch: 1, camera: 'cam_1', items });
  });
});
