import type { Why } from '../bus/events/why.ts';

/** A reason that needs no more than a sentence: what set it off is the event. */
export const plainly =
  (text: string) =>
  (_of: unknown, { type }: { type: string }): Why => ({ trigger: type, text });
