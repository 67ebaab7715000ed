import type { Subscription } from './subscription.ts';

/** Programs that hear facts and do nothing else, but for asking for those that they missed. */
export interface Readers {
  /**
   * Answers them; a thrown error is told to the reader as `{error, reason}`. Of several answerers one hears each ask.
   * @param reply who asks can be believed: the store lets nobody else ask in that name, and the answer goes to no other
   * inbox than that reader's. `body` is anything.
   */
  answer(reply: (reader: string, body: unknown) => Promise<unknown>): Promise<Subscription>;
}
