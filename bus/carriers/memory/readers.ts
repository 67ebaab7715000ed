import { JournalAway } from '../../ports/faults.ts';
import type { Readers } from '../../ports/readers.ts';
import { errorReply } from '../replies.ts';
import { amongAnswers } from './answering.ts';
import type { Line } from './line.ts';
import { copy } from './shelf.ts';

/** Readers, and how one of them asks. */
export interface MemoryReaders extends Readers {
  /** @throws JournalAway when nobody answers */
  ask(reader: string, body: unknown): Promise<unknown>;
}

export function memoryReaders(line: Line): MemoryReaders {
  const answers = new Set<(reader: string, body: unknown) => Promise<unknown>>();
  return {
    async ask(reader, body) {
      const [reply] = await line.through(() => [...answers]);
      if (!reply) throw new JournalAway(`${reader} asks for facts: nobody answers`);
      return copy(await reply(reader, copy(body)).catch(errorReply));
    },
    answer: async (reply) => amongAnswers(answers, reply),
  };
}
