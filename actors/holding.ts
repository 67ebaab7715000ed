import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { type Door, hold } from './bind.ts';
import type { SlotHolder } from './slotted.ts';

/** A slot as a record keeps it, in the words of XState's own snapshots. */
export interface SlotRecord {
  snapshot: { status: 'active'; input: object };
  src: string;
  syncSnapshot: false;
}

/** The slots in a record of any release: some were written down as they ended. */
export type SlotsKept = Readonly<Record<string, { src: string; snapshot: { status: string; input: object } }>>;

/** A slot that is held, in the words of a record. */
export const slotRecord = (src: string, input: object): SlotRecord => ({
  snapshot: { status: 'active', input },
  src,
  syncSnapshot: false,
});

/** What a cell without slots has written down of them. */
const NONE: Readonly<Record<string, SlotRecord>> = {};

/** The slots that a cell holds for its machine. What that asks for while it moves is done once it has moved. */
export class Holding implements SlotHolder {
  private readonly machine: AnyStateMachine;
  private readonly door: Door;
  /** Those that are held; most cells that wait for something hold none. */
  private held: Map<string, { slot: SlotRecord; end(): void }> | undefined;
  private asked: (() => void)[] | undefined;
  private record: Readonly<Record<string, SlotRecord>> | undefined;

  /**
   * @param machine with adapters in its slots
   * @param door takes what they report
   */
  constructor(machine: AnyStateMachine, door: Door) {
    this.machine = machine;
    this.door = door;
  }

  begin(id: string, src: string, input: object): void {
    this.ask(() => this.take(id, slotRecord(src, input)));
  }

  end(id: string): void {
    this.ask(() => this.release(id));
  }

  /**
   * Begins those that a record has.
   * @param asOf epoch ms of that record: alarms are told how long they had to wait then
   * @param since what each is told beside its input, which has come about since
   */
  resume(kept: SlotsKept, asOf?: number, since: (id: string) => object | undefined = () => undefined): void {
    for (const [id, slot] of Object.entries(kept)) {
      const waited = slot.src === 'alarm' && asOf !== undefined ? { asOf } : undefined;
      if (slot.snapshot.status === 'active') this.take(id, slot as SlotRecord, waited ?? since(id));
    }
  }

  /** Does what the machine has asked for. */
  settle(): void {
    const { asked } = this;
    this.asked = undefined;
    for (const wish of asked ?? []) wish();
  }

  /** Leaves undone what a machine asked for that failed while it moved. */
  forget(): void {
    this.asked = undefined;
  }

  /** Those that are held, for a record. */
  written(): Readonly<Record<string, SlotRecord>> {
    this.record ??= this.held?.size ? Object.fromEntries([...this.held].map(([id, { slot }]) => [id, slot])) : NONE;
    return this.record;
  }

  endAll(): void {
    for (const id of [...(this.held?.keys() ?? [])]) this.release(id);
  }

  private ask(wish: () => void): void {
    this.asked ??= [];
    this.asked.push(wish);
  }

  private take(id: string, slot: SlotRecord, since?: object): void {
    const { input } = slot.snapshot;
    const end = hold(slotOf(this.machine, slot.src), since ? { ...input, ...since } : input, this.door);
    this.record = undefined;
    this.held ??= new Map();
    this.held.set(id, { slot, end });
  }

  private release(id: string): void {
    const one = this.held?.get(id);
    this.record = undefined;
    this.held?.delete(id);
    one?.end();
  }
}

/** What stands in a slot of a machine. @throws Error when it has no such slot */
export function slotOf(machine: AnyStateMachine, src: string): AnyActorLogic {
  const logic = machine.implementations.actors[src] as AnyActorLogic | undefined;
  if (!logic) throw new Error(`the machine "${machine.id}" has no slot "${src}"`);
  return logic;
}
