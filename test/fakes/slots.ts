import type { Adapter } from '../../machines/slots.ts';

/** A slot as invoked in a test: its input, and a way to report through it. */
export interface Invoked<Input, Report> {
  input: Input;
  report(event: Report): void;
  /** How it ended, if it has. */
  end?: 'released' | 'detached';
}

/** A fake adapter that keeps every invocation. */
export interface FakeSlot<Input, Report> {
  adapter: Adapter<Input, Report>;
  all: Invoked<Input, Report>[];
  /** The invocation that is held now. @throws Error when none is */
  held(): Invoked<Input, Report>;
  isHeld(): boolean;
}

/** Makes a fake adapter for one slot. */
export function fakeSlot<Input, Report>(): FakeSlot<Input, Report> {
  const all: Invoked<Input, Report>[] = [];
  const held = () => all.findLast((one) => !one.end);
  return {
    all,
    isHeld: () => held() !== undefined,
    held() {
      const found = held();
      if (!found) throw new Error('the slot is not invoked now');
      return found;
    },
    adapter(input, report) {
      const invoked: Invoked<Input, Report> = { input, report };
      all.push(invoked);
      return {
        release() {
          invoked.end = 'released';
        },
        detach() {
          invoked.end = 'detached';
        },
      };
    },
  };
}
