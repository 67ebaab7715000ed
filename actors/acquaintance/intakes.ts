import type { Envelope } from '../../bus/envelope.ts';
import type { Id } from '../../bus/identity.ts';
import type { Cells, CellView } from '../cells.ts';
import { hasCarried, isDeadOrOver, isIntake } from './relay-sight.ts';
import type { Tell } from './telling.ts';

/** Has the cameras of an intake pulled by others: tells which are, and which none could take. */
export type LeaveIntake = (relay: string) => { moved: string[]; stuck: string[] };

/** What became of an intake's cameras: `lost` had to leave their picture behind, `stuck` are still there. */
export interface Emptied {
  lost: string[];
  stuck: string[];
}

/** What leading cameras away needs. */
export interface IntakeWays {
  leaveIntake: LeaveIntake;
  /** The same for an intake that shall be empty, without a picture lost on the way; default: as if it were lost. */
  emptyIntake?: ((relay: string) => Promise<Emptied>) | undefined;
  onFault(error: Error): void;
}

/** Where the cameras of intakes go. */
export interface IntakeNews {
  /** It falls, and takes the picture of every camera that it pulled, though none of them has fallen itself. */
  lost(relay: CellView, fact: Envelope): void;
  /** It shall be empty, and gives its cameras away, as far as another one can take them. */
  empty(relay: CellView, cause?: string): void;
  /** It serves, and takes the cameras of those that can't, or shall not. */
  serves(relay: CellView, cause: string): void;
  /** It is no more. @param from the state that it left, where that is known */
  removed(relay: CellView, from?: string, cause?: string): void;
}

/** Leads them. */
export function leadIntakes(
  cells: Pick<Cells, 'list'>,
  tell: Tell,
  { leaveIntake, emptyIntake, onFault }: IntakeWays,
): IntakeNews {
  const lose = (relay: CellView, cameras: string[], cause?: string) => {
    const event = { type: 'intake.lost', detail: `${relay.id}: ${relay.why.text}` };
    for (const camera of cameras) tell('camera', camera as Id, event, cause);
  };
  const empty = (relay: CellView, cause?: string) => {
    const emptied = ({ lost, stuck }: Emptied) => {
      lose(relay, lost, cause);
      if (stuck.length === 0) tell('relay', relay.id, { type: 'relay.emptied' }, cause);
    };
    if (emptyIntake) return void emptyIntake(relay.id).then(emptied, onFault);
    const { moved, stuck } = leaveIntake(relay.id);
    emptied({ lost: moved, stuck });
  };
  return {
    empty,
    lost(relay, fact) {
      if (!hasCarried(String(fact.data.from))) return;
      const { moved, stuck } = leaveIntake(relay.id);
      lose(relay, [...moved, ...stuck], fact.id);
    },
    serves(relay, cause) {
      for (const other of cells.list('relay')) {
        if (!isIntake(other) || other.id === relay.id) continue;
        if (other.state === 'draining') empty(other, cause);
        if (isDeadOrOver(other)) lose(other, leaveIntake(other.id).moved, cause);
      }
    },
    removed(relay, from, cause) {
      const { moved, stuck } = leaveIntake(relay.id);
      lose(relay, from !== undefined && hasCarried(from) ? [...moved, ...stuck] : moved, cause);
    },
  };
}
