import './whatif.css';
import { exactTime } from './describe.ts';
import { shortly } from './whatif-panel.tsx';
import { type Outcome, outcomeFor, type Thought } from './whatif-wall.ts';

/** Above the wall while it carries the answer to a question of what-if: that nothing of it is real, and how to close it. */
export function WhatIfBanner({ thought, close }: { thought: Thought; close: () => void }) {
  return (
    <section class="whatif-banner" role="status">
      <strong>What if</strong>
      <span>
        we lost <b>{thought.lost}</b>, from {exactTime(thought.answer.at)}? Only thought through: nothing of it is real.
      </span>
      <a href="#/time">Time line</a>
      <button type="button" onClick={close}>
        Forget it
      </button>
    </section>
  );
}

/** On a tile: what a question of what-if would mean for this camera. */
export function WhatIfNote({ outcome: { tone, lines } }: { outcome: Outcome }) {
  return (
    <div class={`whatif-note tone-${tone}`}>
      <b>What if</b> {lines.join(' ')}
    </div>
  );
}

/** What becomes of a camera; undefined while no question is asked. */
export const outcomeOn = (
  camera: string,
  thought: Thought | undefined,
  relays: readonly { id: string }[],
): Outcome | undefined =>
  thought &&
  outcomeFor(
    camera,
    thought,
    relays.map(({ id }) => id),
    shortly,
  );
