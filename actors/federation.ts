import type { Bus } from '../bus/ports/bus.ts';
import { JournalAway, JournalFull, JournalRefused } from '../bus/ports/faults.ts';
import type { Address, Kind } from '../bus/subjects.ts';
import { ownerOf } from '../machines/policy/ownership.ts';
import { CellDown, CellExists, type Cells, type CellView, NoSuchCell, type Offered } from './cells.ts';
import type { Chart } from './chart.ts';
import type { Mirror } from './mirror.ts';
import type { Roster } from './roster.ts';

/** What the federation needs of the house. */
export interface FederationHouse {
  node: string;
  roster: Roster;
  mirror: Mirror;
  bus: Bus;
  /** Names of the living gateways. */
  members(): readonly string[];
  /** Signed by this gateway: being on the bus makes nobody one. */
  token(): string;
}

type Event = { type: string; [field: string]: unknown };

/** What one gateway asks of another, and what it gets. */
export interface Entrusted {
  event: Event;
  cause?: string;
}
export type Answered = { offered: Offered } | { failed: { name: string; message: string } };

const ANSWER_WITHIN_MS = 1_000;
/** What goes wrong at another gateway is told by name, and thrown here as what it was there. */
const FAILURES: Record<string, new (message: string) => Error> = {
  ...{ NoSuchCell, CellExists, CellDown },
  ...{ JournalAway, JournalRefused, JournalFull },
};

/** The cells of all gateways as if they lived here: own ones from the roster, others from the mirror and over the bus. */
export class Federation implements Cells {
  private readonly house: FederationHouse;

  constructor(house: FederationHouse) {
    this.house = house;
  }

  view(at: Address): CellView | undefined {
    return this.house.roster.view(at) ?? this.house.mirror.view(at);
  }

  list(kind: Kind): CellView[] {
    const { roster, mirror } = this.house;
    const own = roster.list(kind);
    return [...own, ...mirror.list(kind).filter((view) => !roster.has(view))];
  }

  offer(at: Address, event: Event, cause?: string): Promise<Offered> {
    const { roster, mirror } = this.house;
    if (roster.has(at) || !mirror.view(at)) return roster.offer(at, event, cause);
    return this.entrust(at, 'offer', event, cause);
  }

  /** A session is made where it was asked for; all else by the gateway that it belongs to. */
  create(at: Address, event: Event, cause?: string): Promise<Offered> {
    if (at.kind === 'viewer' || this.belongsHere(at)) return this.house.roster.create(at, event, cause);
    return this.entrust(at, 'create', event, cause);
  }

  /** Whether a cell lives here, or would if there were one. */
  belongsHere(at: Address): boolean {
    const { node, roster, mirror, members } = this.house;
    if (roster.has(at)) return true;
    return !mirror.view(at) && ownerOf(at, members()).owner === node;
  }

  /** Whether a cell is known to live at another gateway. */
  livesElsewhere(at: Address): boolean {
    return !this.house.roster.has(at) && this.house.mirror.view(at) !== undefined;
  }

  /** The gateway where a cell lives, if it lives elsewhere. */
  holderElsewhere(at: Address): string | undefined {
    return this.house.roster.has(at) ? undefined : this.house.mirror.holder(at);
  }

  /** Of the cells that live here: of the others, word comes with the journal. */
  onTurn(hear: (view: CellView) => void): () => void {
    return this.house.roster.onTurn(hear);
  }

  onTaken(hear: (view: CellView) => void): () => void {
    return this.house.roster.onTaken(hear);
  }

  /** The statechart of a cell, with its present state marked. */
  chart(at: Address): Chart | undefined {
    return this.house.roster.chart(at) ?? this.house.mirror.chart(at);
  }

  private async entrust(to: Address, verb: 'offer' | 'create', event: Event, cause?: string): Promise<Offered> {
    const { bus, token, mirror } = this.house;
    const body = { event, ...(cause ? { cause } : {}) } satisfies Entrusted;
    const answer = (await bus.ask({ to, verb, token: token(), body }, ANSWER_WITHIN_MS)) as
      | Answered
      | { error: string };
    if ('error' in answer) throw new Error(`${to.kind} ${to.id} is at another gateway, which says: ${answer.error}`);
    if ('failed' in answer) throw asThrown(answer.failed);
    await mirror.reached(answer.offered.receipt.seq);
    return answer.offered;
  }
}

/** Does what another gateway asks of a cell that lives here; what goes wrong is told by name, and thrown anew there. */
export async function answerGateway(
  roster: Roster,
  to: Address,
  verb: 'offer' | 'create',
  { event, cause }: Entrusted,
): Promise<Answered> {
  try {
    const offered = verb === 'offer' ? roster.offer(to, event, cause) : roster.create(to, event, cause);
    return { offered: await offered };
  } catch (error) {
    const { name, message } = error as Error;
    return { failed: { name, message } };
  }
}

function asThrown({ name, message }: { name: string; message: string }): Error {
  const Failure = FAILURES[name];
  return Failure ? new Failure(message) : Object.assign(new Error(message), { name });
}
