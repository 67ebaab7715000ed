import type { Envelope } from '../../envelope.ts';
import type { FactFilter, Facts, Told } from '../../ports/facts.ts';
import type { Subscription } from '../../ports/subscription.ts';
import { parseFactType } from '../../subjects.ts';
import { frozen } from './frozen.ts';
import type { Line } from './line.ts';
import { firstOf, memoryFollowers, type Shelf } from './shelf.ts';

function wants(filter: FactFilter, envelope: Envelope): boolean {
  const { address } = parseFactType(envelope);
  const { kinds = [], cells = [] } = filter;
  if (kinds.length + cells.length === 0) return true;
  return kinds.includes(address.kind) || cells.some((cell) => cell.kind === address.kind && cell.id === address.id);
}

export function memoryFacts(line: Line, shelf: Shelf<Told>, duplicates: Map<string, number>): Facts {
  const followers = memoryFollowers(line, shelf);
  return {
    async tell(envelope) {
      parseFactType(envelope);
      return line.into(() => {
        const key = `${envelope.subject}:${envelope.id}`;
        const known = duplicates.get(key);
        if (known !== undefined) return { seq: known };
        const seq = ++shelf.last;
        shelf.items.push(frozen({ seq, envelope }));
        duplicates.set(key, seq);
        followers.wake();
        return { seq };
      });
    },
    last: (of) =>
      line.through(() => {
        const subject = `${of.kind}/${of.id}`;
        return shelf.items.findLast(({ envelope }) => envelope.subject === subject);
      }),
    range: () => line.through(() => ({ first: firstOf(shelf), last: shelf.last, purgedBefore: shelf.purgedBefore })),
    async *read(from, filter = {}) {
      const isWanted = ({ seq, envelope }: Told) =>
        'after' in from ? seq > from.after : Date.parse(envelope.time) >= from.since;
      const found = await line.through(() => shelf.items.filter(isWanted));
      for (const one of found) if (wants(filter, one.envelope)) yield one;
    },
    async subscribe(filter, after, hear): Promise<Subscription> {
      return followers.follow(after ?? (await line.through(() => shelf.last)), (one) => {
        if (wants(filter, one.envelope)) hear(one);
      });
    },
  };
}
