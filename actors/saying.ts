import type { Envelope } from '../bus/envelope.ts';
import type { Facts } from '../bus/ports/facts.ts';
import { isStoreRefusal } from '../bus/ports/faults.ts';
import type { CellView } from './cells.ts';

/** Who says it, as its saying knows it. */
export interface Speaker {
  readonly house: {
    facts: Pick<Facts, 'tell'>;
    later(ms: number, run: () => void): unknown;
    onTold(envelope: Envelope, view: CellView): void;
  };
  view(): CellView;
  /** Something is wrong with it that trying again does not help. */
  fail(error: Error): void;
}

/** A carrier that refuses a fact is asked again after this long. */
const AGAIN_MS = 1_000;

/**
 * Tells the facts of one cell in its order: each once the one before it is acknowledged, or safe in the spool. What no
 * carrier takes, not even the spool, is tried until it is told: its record is written, and whoever listens would have a
 * hole.
 */
export class Saying {
  private speaker: Speaker;
  /** Oldest first, which is under way; each with the sequence behind which its record stands. */
  private readonly untold: { envelope: Envelope; after: number }[] = [];

  constructor(speaker: Speaker) {
    this.speaker = speaker;
  }

  /** Another cell goes on in the place of the one that failed. */
  goOnBy(speaker: Speaker): void {
    this.speaker = speaker;
  }

  /** @param after the sequence behind which the record of these facts stands */
  tell(said: readonly Envelope[], after: number): void {
    const isIdle = this.untold.length === 0;
    for (const envelope of said) this.untold.push({ envelope, after });
    if (isIdle) this.next();
  }

  /** The sequence behind which the oldest record stands whose facts are not all told; undefined: they are. */
  untoldAfter(): number | undefined {
    return this.untold[0]?.after;
  }

  private next(): void {
    const [first] = this.untold;
    if (!first) return;
    const { envelope } = first;
    const { facts, later, onTold } = this.speaker.house;
    facts.tell(envelope).then(
      () => {
        this.untold.shift();
        onTold(envelope, this.speaker.view());
        this.next();
      },
      (error: Error) => {
        if (isStoreRefusal(error)) return void later(AGAIN_MS, () => this.next());
        this.untold.shift();
        this.speaker.fail(error);
        this.next();
      },
    );
  }
}
