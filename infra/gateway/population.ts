import { Custody } from '../../actors/custody.ts';
import { Federation } from '../../actors/federation.ts';
import { Mirror } from '../../actors/mirror.ts';
import { Roster, type RosterHouse } from '../../actors/roster.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Bus } from '../../bus/ports/bus.ts';
import type { Tenure } from './tenure.ts';

/** What the population needs of the house. */
export interface PopulationHouse extends RosterHouse {
  bus: Bus;
  gate: Gate;
  tenure: Pick<Tenure, 'members'>;
  /** Told right before cells are taken up from another gateway. */
  expectCells(): Promise<void>;
  /** Cells were taken up from another gateway, or gateways have come or gone. */
  onMoved(moved: { adopted: number; handedOver: number; members: readonly string[] }): void;
}

/** The cells of the group as this gateway has them: its own, and the others' as if they were. */
export interface Population {
  roster: Roster;
  cells: Federation;
  /** Takes up this gateway's own cells, and those that nobody holds. Resolves to how many. @throws JournalAway */
  open(): Promise<number>;
  /** Looks whether cells have to come here or go. */
  review(members: readonly string[]): Promise<void>;
  /** Lets go of what others have taken up meanwhile. @throws JournalAway */
  reconcile(): Promise<void>;
  /** Lets go of everything while its effects go on. */
  leave(): Promise<void>;
}

/** Among gateways a token lives as long as one ask may take, and a little more. */
const TOKEN_S = 30;

/** What a gateway had sent that was killed may still be on its way to the store for so long. */
const LATE_WITHIN_MS = 10_000;

/** Builds the population; nothing lives before `open`. */
export function buildPopulation(house: PopulationHouse): Population {
  const { node, bus, gate, tenure } = house;
  const roster = new Roster({
    ...house,
    onMissed: (at) => mirror.lookAt(at),
    onTrouble(trouble) {
      // If no other gateway has it, a former life of this one wrote there.
      if (trouble.outcome === 'let go' && !mirror.holder(trouble.cell)) mirror.lookAt(trouble.cell);
      house.onTrouble(trouble);
    },
  });
  const mirror: Mirror = new Mirror({
    ...house,
    knows: (at, entry) => roster.knows(at, entry),
    onForeign: (at, entry) => roster.letGo(at, entry),
    onPoison: (poison) => roster.parkPoison(poison),
    onForgotten: (at, seq) => roster.remember(at, seq),
  });
  const token = () => gate.mintGateway(node, TOKEN_S);
  const cells = new Federation({ node, roster, mirror, bus, members: tenure.members, token });
  const custody = new Custody({ node, roster, mirror, expectCells: house.expectCells });
  let known = '';
  let open = false;
  let openedAt = 0;
  return {
    roster,
    cells,
    async open() {
      openedAt = house.now();
      const own = await roster.adopt(mirror.own());
      await mirror.attend(true);
      const members = tenure.members();
      const { adopted } = await custody.review(members);
      known = members.join();
      open = true;
      return own + adopted;
    },
    async review(members) {
      if (!open) return;
      if (members.length > 1) await mirror.attend();
      else if (house.now() - openedAt > LATE_WITHIN_MS) mirror.rest();
      const { adopted, handedOver } = await custody.review(members);
      const changed = members.join() !== known;
      known = members.join();
      if (open && (changed || adopted + handedOver > 0)) house.onMoved({ adopted, handedOver, members });
    },
    async reconcile() {
      if (open) await mirror.look();
    },
    async leave() {
      open = false;
      mirror.close();
      await roster.leave();
    },
  };
}
