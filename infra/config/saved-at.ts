import { lstatSync, statSync } from 'node:fs';

/**
 * When a file came to be what it is now (epoch ms): when it was written, put in another's place, or its link was turned.
 * The time of its last change of content would not do: one that is put back keeps it. 0 for a file that is gone.
 */
export function savedAt(file: string): number {
  const times = [lstatSync, statSync].map((look) => look(file, { throwIfNoEntry: false })?.ctimeMs ?? 0);
  return Math.floor(Math.max(...times));
}
