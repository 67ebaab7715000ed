import { expect } from 'chai';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { memoryStore } from '../../bus/carriers/memory.ts';
import { id } from '../../bus/identity.ts';
import type { Journal, JournalEntry } from '../../bus/ports/journal.ts';
import { buildPopulation } from '../../infra/gateway/population.ts';
import { configured } from '../fakes/configured.ts';
import { fakeHouse, fakeParts } from '../fakes/house.ts';
import { until } from '../fixtures/process.ts';

const at = { kind: 'camera' as const, id: id('cam_001') };

describe('a gateway that is alone', () => {
  it('finds what its killed predecessor had sent and the store took after it had looked, and follows nobody later', async () => {
    const elsewhere = fakeHouse(memoryStore());
    await elsewhere.roster.create(at, configured);
    const [late] = elsewhere.store.records() as [JournalEntry];
    const store = memoryStore();
    let isFollowing = false;
    const follow: Journal['follow'] = async (after, hear) => {
      const following = await store.journal.follow(after, hear);
      isFollowing = true;
      void following.ended.then(() => {
        isFollowing = false;
      });
      return following;
    };
    const { options, clock } = fakeParts(store, undefined, { journal: { ...store.journal, follow } });
    const population = buildPopulation({
      ...options,
      bus: store.bus,
      gate: {} as Gate,
      tenure: { members: () => [options.node] },
      expectCells: async () => {},
      onMoved: () => {},
    });
    await population.open();
    await store.journal.append(late.record, 0);
    await until('it to be found', async () => {
      await population.review([options.node]);
      return population.roster.has(at);
    });
    expect(store.told().map(({ envelope }) => envelope.id)).to.deep.equal(late.record.said.map((fact) => fact.id));
    clock.now += 60_000;
    await population.review([options.node]);
    await until('it to follow nobody', () => !isFollowing);
  });
});
