import type { Envelope } from '../bus/envelope.ts';
import type { Facts } from '../bus/ports/facts.ts';
import type { Journal } from '../bus/ports/journal.ts';
import type { Address } from '../bus/subjects.ts';
import type { CellView } from './cells.ts';
import type { Saying } from './saying.ts';

/** What a cell needs of the house. */
export interface CellHouse {
  node: string;
  journal: Journal;
  facts: Facts;
  /** Epoch ms; never steps. */
  now(): number;
  /** Runs later on the monotonic clock; the result cancels. */
  later(ms: number, run: () => void): () => void;
  /** The cell has moved and said something that is not written down yet. */
  onTurn(view: CellView): void;
  /** A fact is acknowledged as told, or safe in the spool. */
  onTold(envelope: Envelope, view: CellView): void;
  /** The cell failed, or lost its fence, and takes nothing more. */
  onDown(cell: Predecessor, error: Error): void;
  /** Set while this process has to prove that it may act; absent where it always may. */
  proof?(): Promise<void> | undefined;
}

/** Where a cell starts: new, or from its last journal record. */
export interface CellOrigin {
  incarnation: string;
  /** The fence: sequence of the last record, 0 for a new cell. */
  lastSeq: number;
  /** Made anew whenever a cell is taken up, so that two owners never write records of the same id. */
  tenure: string;
  /** Persisted snapshot to go on from; undefined for a new cell. */
  snapshot?: unknown;
  /** When it was as that has it (epoch ms). */
  asOf?: number | undefined;
  /** What a predecessor in this gateway still has to tell. */
  saying?: Saying;
}

/** A cell that another one of its name may follow. */
export interface Predecessor {
  readonly at: Address;
  /** Whether another writer has appended to its journal: then this is not its owner any more. */
  lostFence(): boolean;
  /** Lets go of its effects, which go on; resolves when all it heard is journalled. */
  leave(): Promise<void>;
  /** Where its successor starts: after its last record, once that is written. */
  origin(): Promise<Omit<CellOrigin, 'tenure'>>;
}
