import { Custody } from '../../actors/custody.ts';
import { answerGateway, type Entrusted, Federation } from '../../actors/federation.ts';
import { Mirror } from '../../actors/mirror.ts';
import type { MemoryStore } from '../../bus/carriers/memory.ts';
import { NOT_MINE } from '../../bus/ports.ts';
import { KINDS } from '../../bus/subjects.ts';
import { type FakeHouse, fakeHouse } from './house.ts';

/** One of several gateways in one process, on a store that they share. */
export interface FakeGateway {
  name: string;
  house: FakeHouse;
  cells: Federation;
  mirror: Mirror;
  /** Has it look at the group as the living members stand. */
  beat(): Promise<void>;
  /** As when its process is killed: it hears and says nothing more. */
  kill(): void;
}

/**
 * Starts a gateway of a group in memory.
 * @param members names of the living gateways; the test changes it
 * @param proof as the tenure gives it, for a gateway that was paused
 */
export async function fakeGatewayOf(
  store: MemoryStore,
  members: Set<string>,
  name: string,
  proof?: () => Promise<void> | undefined,
): Promise<FakeGateway> {
  const house = fakeHouse(store, undefined, { node: name, ...(proof ? { proof } : {}) });
  const { roster, options } = house;
  const mirror = new Mirror({
    ...options,
    onForeign: (at, node) => roster.letGo(at, node),
    onPoison: (poison) => roster.parkPoison(poison),
  });
  const living = () => [...members].toSorted();
  const cells = new Federation({ node: name, roster, mirror, bus: store.bus, members: living, token: () => name });
  const custody = new Custody({ node: name, roster, mirror, expectCells() {} });
  const answers = await Promise.all(
    KINDS.map((kind) =>
      store.bus.answer(kind, async ({ to, verb, body }) => {
        if (verb !== 'offer' && verb !== 'create') return NOT_MINE;
        const mine = verb === 'create' ? cells.belongsHere(to) : roster.has(to);
        return mine ? answerGateway(roster, to, verb, body as Entrusted) : NOT_MINE;
      }),
    ),
  );
  members.add(name);
  await roster.adopt(await mirror.open());
  return {
    name,
    house,
    cells,
    mirror,
    async beat() {
      await custody.review(living());
    },
    kill() {
      members.delete(name);
      mirror.close();
      for (const answer of answers) answer.close();
    },
  };
}
