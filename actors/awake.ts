import { type ActorOptions, type AnyActor, type AnyStateMachine, createActor } from 'xstate';
import type { Id } from '../bus/identity.ts';
import { type SlotHolder, servedBy, slotted } from './slotted.ts';
import { type Persisted, persisted } from './snapshot.ts';

/**
 * Makes the actor of a cell's machine, not yet started.
 * @param slots what its states ask for is asked of them
 * @param former as its last record has it; without it, it begins anew
 */
export function awake(machine: AnyStateMachine, id: Id, slots: SlotHolder, former?: Persisted): AnyActor {
  const snapshot = former && persisted(former, {});
  const options = { input: { id }, ...(snapshot ? { snapshot } : {}) };
  const actor = createActor(slotted(machine), options as ActorOptions<AnyStateMachine>);
  servedBy(actor, slots);
  return actor;
}
