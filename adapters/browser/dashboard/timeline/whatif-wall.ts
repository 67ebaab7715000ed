import type { WhatIf, WhatIfStep } from './whatif.ts';

/** A question that was thought through, for as long as somebody looks at its answer. */
export interface Thought {
  /** What was thought away, in words: `relay relay-1`. */
  lost: string;
  answer: WhatIf;
}

/** What a question of what-if would mean for a camera. */
export interface Outcome {
  /** The worst of it. */
  tone: 'dark' | 'stranded' | 'changes' | 'moves' | 'unaffected';
  /** In sentences, the worst first. */
  lines: string[];
}

/**
 * What would become of a camera and those who watch it.
 * @param relays names of the relays: a step of a viewer from one of them is a move
 * @param time a duration in words
 */
export function outcomeFor(
  camera: string,
  { answer }: Thought,
  relays: readonly string[],
  time: (ms: number) => string,
): Outcome {
  const found: Outcome[] = [
    ...darkness(camera, answer, time),
    ...moves(
      answer.steps.filter((step) => step.kind === 'viewer' && step.camera === camera),
      relays,
    ),
    ...changes(
      answer.steps.filter((step) => step.kind === 'camera' && step.id === camera),
      answer,
      time,
    ),
  ];
  const [worst] = found;
  if (!worst) return { tone: 'unaffected', lines: ['Unaffected.'] };
  return { tone: worst.tone, lines: found.flatMap(({ lines }) => lines) };
}

function darkness(camera: string, { dark }: WhatIf, time: (ms: number) => string): Outcome[] {
  const found = dark.find((one) => one.camera === camera);
  if (!found) return [];
  const howLong = found.forMs === undefined ? 'until it is repaired' : `for ${time(found.forMs)}`;
  return [{ tone: 'dark', lines: [`Would be dark ${howLong}.`] }];
}

/** Those who are carried on elsewhere, and those who are not, counted by where they come from and go to. */
function moves(steps: readonly WhatIfStep[], relays: readonly string[]): Outcome[] {
  const counts = new Map<string, number>();
  for (const { from, to } of steps) {
    if (!relays.includes(from)) continue;
    const where = to === '' ? `from ${from} would be stranded` : `would move from ${from} to ${to}`;
    counts.set(where, (counts.get(where) ?? 0) + 1);
  }
  const found = [...counts].map(([where, count]): Outcome => {
    const line = `${count} viewer${count === 1 ? '' : 's'} ${where}.`;
    return { tone: where.endsWith('stranded') ? 'stranded' : 'moves', lines: [line] };
  });
  return found.sort((a, b) => Number(a.tone === 'moves') - Number(b.tone === 'moves'));
}

/** The states it would go through; of a lost gateway, who would decide about it from then on. */
function changes(steps: readonly WhatIfStep[], { gateway }: WhatIf, time: (ms: number) => string): Outcome[] {
  const [first] = steps;
  if (!first) return [];
  if (!gateway) return [{ tone: 'changes', lines: [`Would be ${steps.map(({ to }) => to).join(', then ')}.`] }];
  const heir =
    first.to === '' ? 'Nobody would decide about it' : `${first.to} would take it up after ${time(first.afterMs)}`;
  return [{ tone: 'changes', lines: [`${heir}; its picture goes on.`] }];
}
