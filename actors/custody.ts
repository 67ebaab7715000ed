import { JournalAway } from '../bus/ports/faults.ts';
import type { JournalEntry } from '../bus/ports/journal.ts';
import { type Address, KINDS } from '../bus/subjects.ts';
import { ownerOf } from '../machines/policy/ownership.ts';
import { endedAt } from './ending.ts';
import type { Mirror } from './mirror.ts';
import type { Roster } from './roster.ts';

/** What custody needs of the house. */
export interface CustodyHouse {
  node: string;
  roster: Roster;
  mirror: Mirror;
  /** Told right before cells are taken up: their effects go on elsewhere, and are met as they are. */
  expectCells(): Promise<void>;
}

/** What a look at the group led to. */
export interface Reviewed {
  adopted: number;
  handedOver: number;
}

/** A gateway that joined is given its share after it was seen this often: one that comes and goes moves nothing. */
const SETTLED_AFTER = 5;
/** Cells handed over at a look: a share moves slowly, and never all at once. */
const HANDED_OVER_AT_ONCE = 4;

/**
 * Which cells live in this gateway: it takes up what falls to it when another gateway is gone or lets go, and hands over
 * what falls to one that joined. Every gateway decides for itself; the journal's fence has the last word.
 */
export class Custody {
  private readonly house: CustodyHouse;
  private seen = new Map<string, number>();
  private reviewing = false;

  constructor(house: CustodyHouse) {
    this.house = house;
  }

  /**
   * Looks at the group. Called again and again; does nothing while an earlier look is not done.
   * @param members names of the living gateways
   */
  async review(members: readonly string[]): Promise<Reviewed> {
    if (this.reviewing) return { adopted: 0, handedOver: 0 };
    this.reviewing = true;
    try {
      this.seen = new Map(members.map((member) => [member, (this.seen.get(member) ?? 0) + 1]));
      return { adopted: await this.adopt(members), handedOver: await this.handOver(members) };
    } finally {
      this.reviewing = false;
    }
  }

  /** Takes up what nobody holds and falls to us. */
  private async adopt(members: readonly string[]): Promise<number> {
    const { node, roster, mirror } = this.house;
    const due = mirror.entries().filter((entry) => {
      if (entry.record.node !== node || entry.record.left)
        return isOrphan(entry, members) && isFor(node, entry, members);
      // Written here, and living here by now or not at all.
      const at = { kind: entry.record.kind, id: entry.record.cell };
      if (roster.has(at)) mirror.forget(at);
      return !roster.has(at);
    });
    if (due.length === 0) return 0;
    await this.house.expectCells();
    const adopted = await roster.adopt(due).catch((error) => {
      if (error instanceof JournalAway) return undefined; // the next look finds them again
      throw error;
    });
    if (adopted === undefined) return 0;
    for (const { record } of due) {
      const at = { kind: record.kind, id: record.cell };
      if (roster.has(at) || endedAt(record) !== undefined) mirror.forget(at);
    }
    return adopted;
  }

  /** Lets go of a few cells that fall to a gateway which has joined and stayed. */
  private async handOver(members: readonly string[]): Promise<number> {
    const settled = members.filter((member) => (this.seen.get(member) ?? 0) >= SETTLED_AFTER);
    const due = this.own().filter((at) => {
      const { owner } = ownerOf({ ...at, ...(at.kind === 'viewer' ? { holder: this.house.node } : {}) }, members);
      return owner !== undefined && owner !== this.house.node && settled.includes(owner);
    });
    const gone = await Promise.all(due.slice(0, HANDED_OVER_AT_ONCE).map((at) => this.house.roster.handOver(at)));
    return gone.filter(Boolean).length;
  }

  private own(): Address[] {
    return KINDS.flatMap((kind) => this.house.roster.list(kind).map(({ id }) => ({ kind, id })));
  }
}

/** Whether the gateway that wrote a cell's last record is gone, or has let go of it. */
const isOrphan = ({ record }: JournalEntry, members: readonly string[]): boolean =>
  record.left === true || !members.includes(record.node);

function isFor(node: string, { record }: JournalEntry, members: readonly string[]): boolean {
  return ownerOf({ kind: record.kind, id: record.cell, holder: record.node }, members).owner === node;
}
