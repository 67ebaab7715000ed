import { expect } from 'chai';
import pino from 'pino';
import { id } from '../../../bus/identity.ts';
import { keepRelayProcesses, type RelayProcesses } from '../../../infra/gateway/relay-processes.ts';
import { fakeHouse } from '../../fakes/house.ts';
import { until } from '../../fixtures/process.ts';

describe('the processes of relays', () => {
  const at = (name: string) => ({ kind: 'relay' as const, id: id(name) });
  const configured = { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 };
  const listed = new Set<string>();
  let house: ReturnType<typeof fakeHouse>;
  let processes: RelayProcesses;
  let asked: string[];
  let ordered: string[];
  let feeding: Set<string>;
  let fails: boolean;

  beforeEach(async () => {
    house = fakeHouse();
    asked = [];
    ordered = [];
    feeding = new Set();
    fails = false;
    listed.clear();
    for (const name of ['relay-1', 'relay-2']) {
      await house.roster.create(at(name), configured);
      listed.add(name);
    }
    processes = keepRelayProcesses({
      relays: ['relay-1', 'relay-2'],
      cells: house.roster,
      has: (cell) => house.roster.has(cell),
      lists: (relay) => listed.has(relay),
      async feedsOthers(relay) {
        asked.push(relay);
        return feeding.has(relay);
      },
      async run(relay, runs) {
        ordered.push(`${relay} ${runs ? 'runs' : 'ends'}`);
        if (fails) throw new Error('the launcher does not answer');
      },
      log: pino({ level: 'silent' }),
    });
  });
  afterEach(() => processes.close());

  const takeOut = async (name: string) => {
    listed.delete(name);
    await house.roster.offer(at(name), { type: 'relay.removed', runs: true });
  };

  it('end when their relay was removed and feeds no other, once, and the others go on', async () => {
    feeding.add('relay-2');
    await takeOut('relay-2');
    await until('it to be looked at twice', () => asked.length >= 2, 5_000);
    expect(ordered, 'what others fetch there goes on').to.deep.equal([]);
    feeding.clear();
    await until('it to end', () => ordered.length > 0, 5_000);
    await takeOut('relay-1');
    await until('the other to end, and no one twice', () => ordered.length > 1, 5_000);
    expect(ordered).to.deep.equal(['relay-2 ends', 'relay-1 ends']);
  }).timeout(15_000);

  it('are told again when their launcher did not answer, and not once the file lists their relay again', async () => {
    fails = true;
    await takeOut('relay-2');
    await until('it to be told twice', () => ordered.length >= 2, 5_000);
    listed.add('relay-2');
    fails = false;
    await processes.start('relay-2');
    const before = ordered.length;
    expect(ordered.at(-1)).to.equal('relay-2 runs');
    await takeOut('relay-1');
    await until('the next look', () => ordered.length > before, 5_000);
    expect(ordered.slice(before)).to.deep.equal(['relay-1 ends']);
  }).timeout(15_000);
});
