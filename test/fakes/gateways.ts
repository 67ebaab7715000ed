import { generateKeyPairSync } from 'node:crypto';
import { Custody } from '../../actors/custody.ts';
import { Federation } from '../../actors/federation.ts';
import { Mirror } from '../../actors/mirror.ts';
import type { RosterHouse } from '../../actors/roster.ts';
import { createGate } from '../../adapters/gate.jsonwebtoken.ts';
import type { MemoryStore } from '../../bus/carriers/memory.ts';
import { NOT_MINE } from '../../bus/ports/bus.ts';
import { answerAsks } from '../../infra/gateway/asks.ts';
import { type FakeHouse, fakeHouse } from './house.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keys = [{ kid: 'k1', privateKey, publicKey, jwk: {} }];

/** The gate that the gateways of a group share. */
export const gate = createGate({ keys, issuer: 'signalbox', audience: 'signalbox', revoked: () => false });

/** What the eye of every camera sees. */
export const PICTURE = { jpeg: Buffer.from([0xff, 0xd8, 0xff]), at: 5 };

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
 * @param more what else its roster is told: a `proof` as after a pause, a `journal` that can be cut off
 */
export async function fakeGatewayOf(
  store: MemoryStore,
  members: Set<string>,
  name: string,
  more: Partial<RosterHouse> = {},
): Promise<FakeGateway> {
  const house: FakeHouse = fakeHouse(store, undefined, {
    node: name,
    onMissed: (at) => mirror.lookAt(at),
    onTrouble({ cell, error, outcome }) {
      if (outcome === 'let go' && !mirror.holder(cell)) mirror.lookAt(cell);
      house.troubles.push(`${cell.kind}/${cell.id} ${outcome}: ${error.message}`);
    },
    ...more,
  });
  const { roster, options } = house;
  const mirror: Mirror = new Mirror({
    ...options,
    knows: (at, entry) => roster.knows(at, entry),
    onForeign: (at, entry) => roster.letGo(at, entry),
    onPoison: (poison) => roster.parkPoison(poison),
    onForgotten: (at, seq) => roster.remember(at, seq),
  });
  const living = () => [...members].toSorted();
  const token = () => gate.mintGateway(name, 60);
  const cells = new Federation({ node: name, roster, mirror, bus: store.bus, members: living, token });
  const custody = new Custody({ node: name, roster, mirror, expectCells: async () => {} });
  const answers = await answerAsks({
    bus: store.bus,
    cells,
    roster,
    gate,
    poster: () => PICTURE,
    intake: (camera) => ({ intake: `intake of ${camera} by ${name}`, why: { trigger: 'test', text: 'so' } }),
    written: async () => NOT_MINE,
    leg: async () => NOT_MINE,
    audience: () => NOT_MINE,
    config: () => ({ destinations: {}, auth: { history: {} } }),
  });
  members.add(name);
  await roster.adopt(mirror.own());
  await mirror.attend();
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
      answers.close();
    },
  };
}
