import { type Ask, type Bus, NOT_MINE } from '../../ports/bus.ts';
import { JournalAway } from '../../ports/faults.ts';
import { askSubject, type Kind } from '../../subjects.ts';
import { errorReply } from '../replies.ts';
import { amongAnswers } from './answering.ts';
import type { Line } from './line.ts';
import { copy } from './shelf.ts';

export function memoryBus(line: Line): Bus {
  const answers = new Map<Kind, Set<(request: Ask) => Promise<unknown>>>();
  return {
    async ask(request, timeoutMs) {
      const subject = askSubject(request.to, request.verb);
      const replies = await line.through(() => [...(answers.get(request.to.kind) ?? [])]);
      if (!replies.length) throw new JournalAway(`asking ${subject}: nobody answers`);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        const text = `asking ${subject}: no answer within ${timeoutMs} ms`;
        timer = setTimeout(() => reject(new JournalAway(text)), timeoutMs);
      });
      const silent = new Promise<never>(() => {});
      const work = replies.map(async (reply) => {
        const answer = await reply(copy(request)).catch(errorReply);
        return answer === NOT_MINE ? silent : answer;
      });
      try {
        const answer = await Promise.race([...work, late]);
        return answer === undefined ? undefined : copy(answer);
      } finally {
        clearTimeout(timer);
      }
    },
    async answer(kind, reply) {
      const all = answers.get(kind) ?? new Set();
      answers.set(kind, all);
      return amongAnswers(all, reply);
    },
  };
}
