import type { Told } from '../../ports/facts.ts';
import type { Outbox } from '../../ports/outbox.ts';
import { parseFactType } from '../../subjects.ts';
import type { Line } from './line.ts';
import type { Shelf } from './shelf.ts';

const LOOK_MS = 5;

/** Facts handed out from a shelf; the place of each reader lasts as long as the store. */
export function memoryOutbox(line: Line, shelf: Shelf<Told>): Outbox {
  const places = new Map<string, { after: number; busy: boolean }>();
  return {
    async drain(name, kinds, deliver) {
      const place = await line.through(() => {
        const known = places.get(name) ?? { after: shelf.last, busy: false };
        places.set(name, known);
        return known;
      });
      let closed = false;
      const isWanted = ({ seq, envelope }: Told) =>
        seq > place.after && kinds.includes(parseFactType(envelope).address.kind);
      const handOut = async (): Promise<void> => {
        const next = shelf.items.find(isWanted);
        if (!next || place.busy) return void (await new Promise((resolve) => setTimeout(resolve, LOOK_MS)));
        place.busy = true;
        try {
          await deliver(next);
          place.after = next.seq;
        } finally {
          place.busy = false;
        }
      };
      const run = async (): Promise<undefined> => {
        while (!closed) await handOut().catch(() => {});
      };
      const ended = run();
      return {
        close() {
          closed = true;
        },
        ended,
      };
    },
  };
}
