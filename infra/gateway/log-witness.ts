import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { replaceFile } from '../../adapters/files.ts';
import { JournalAway } from '../../bus/ports/faults.ts';
import type { Keeper } from '../../bus/ports/keeper.ts';
import { type Of, shape } from '../../bus/shape.ts';

const known = Type.Object({
  last: Type.Integer({ description: 'the newest sequence that was seen' }),
  lost: Type.Array(Type.Object({ from: Type.Integer(), to: Type.Integer() }), { description: 'what the store lost' }),
});
const heads = shape('heads of the log', Type.Object({ journal: known, facts: known }));
type Heads = Of<typeof heads>;

/** Remembers how far the log has come. */
export interface LogWitness {
  /** Looks now. Resolves to whether the store could be asked. */
  look(): Promise<boolean>;
  /** What the store has lost at its end, for a person. */
  troubles(): string[];
  close(): void;
}

const EVERY_MS = 1_000;

/**
 * Remembers, apart from the store, how far journal and facts have come. A store whose files were cut off or damaged
 * begins again where they end, and by itself knows of no loss: the sequences between are handed out once more.
 * @param state the data folder
 */
export function witnessLog(
  keeper: Pick<Keeper, 'holdings'>,
  state: string,
  node: string,
  onFault: (error: Error) => void,
): LogWitness {
  const file = path.join(state, `log-head-${node}.json`);
  const nothing = (): Heads => ({ journal: { last: 0, lost: [] }, facts: { last: 0, lost: [] } });
  const read = (): Heads => {
    if (!existsSync(file)) return nothing();
    try {
      return heads.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      onFault(new Error(`${file} can't be read, and is begun anew: ${(error as Error).message}`));
      return nothing();
    }
  };
  let seen = read();
  let looking: Promise<boolean> | undefined;

  const compare = async (): Promise<void> => {
    const held = await keeper.holdings();
    const next = structuredClone(seen);
    for (const name of ['journal', 'facts'] as const) {
      const { last, purgedBefore } = held[name];
      const one = next[name];
      if (last < one.last) one.lost.push({ from: last + 1, to: one.last });
      one.last = last;
      // What would be forgotten by now anyway is missed by nobody.
      one.lost = one.lost.filter(({ to }) => to >= purgedBefore);
    }
    const text = JSON.stringify(next);
    if (text === JSON.stringify(seen)) return;
    replaceFile(file, text);
    seen = next;
  };
  const look = (): Promise<boolean> => {
    looking ??= compare()
      .then(() => true)
      .catch((error) => {
        if (error instanceof JournalAway) return false;
        onFault(error as Error);
        return true;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    look,
    troubles: () =>
      Object.entries(seen).flatMap(([name, { lost }]) =>
        lost.map(
          ({ from, to }) =>
            `the ${name} had come to sequence ${to} and went back to ${from - 1}: its files were damaged, cut off or replaced, and what was told between is lost (${file} remembers it; delete that file when you know)`,
        ),
      ),
    close: () => clearInterval(timer),
  };
}
