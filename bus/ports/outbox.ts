import type { Kind } from '../subjects.ts';
import type { Told } from './facts.ts';
import type { Subscription } from './subscription.ts';

/** Facts handed out one at a time, each until it is done with. The place of each reader is kept by the store. */
export interface Outbox {
  /**
   * Hands out, in order, the facts of some kinds of cell that are told after this name was first used. What was not
   * done with, as it was refused or its reader died, is handed out again to whoever goes on under the same name;
   * several readers of a name share its place. It goes on across outages of the store.
   * @param deliver resolves when it is done with; rejects when it is to be handed out again
   * @throws JournalAway when the store is away at the beginning
   */
  drain(name: string, kinds: Kind[], deliver: (told: Told) => Promise<void>): Promise<Subscription>;
}
