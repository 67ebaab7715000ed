import { id } from '../../identity.ts';
import type { SessionCard, Sessions } from '../../ports/sessions.ts';
import type { Line } from './line.ts';
import { copy } from './shelf.ts';

export function memorySessions(line: Line): Sessions {
  const cards = new Map<string, SessionCard>();
  const here = () => line.mode() === 'here';
  return {
    async put(card) {
      if (here()) cards.set(id(card.id), copy(card));
    },
    async get(name) {
      const card = here() ? cards.get(id(name)) : undefined;
      return card && copy(card);
    },
    async drop(name) {
      if (here()) cards.delete(id(name));
    },
    ready: here,
  };
}
