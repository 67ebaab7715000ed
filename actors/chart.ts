import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** A statechart as a person looks at it: named states and what leads from one to another. */
export interface Chart {
  current: string;
  states: { name: string; text: string }[];
  transitions: { from: string; to: string; on: string }[];
}

/** A leaf state with something to say. */
interface Leaf {
  node: AnyStateNode;
  text: string;
}

function leaves(node: AnyStateNode): Leaf[] {
  const children = Object.values(node.states);
  const text = (node.meta as { text?: string } | undefined)?.text;
  const inner = children.flatMap(leaves);
  return inner.length > 0 || text === undefined ? inner : [{ node, text }];
}

/** The leaf that a transition into a node ends in, among those with something to say. */
function landing(node: AnyStateNode, known: Map<AnyStateNode, string>): string | undefined {
  const name = known.get(node);
  if (name) return name;
  const initial = node.initial?.target[0];
  if (initial) return landing(initial, known);
  for (const child of Object.values(node.states)) {
    const found = landing(child, known);
    if (found) return found;
  }
  return undefined;
}

/**
 * Draws a machine from its own definition.
 * @param active the state nodes that are active now
 */
export function chart(machine: AnyStateMachine, active: readonly AnyStateNode[]): Chart {
  const found = leaves(machine.root);
  const known = new Map(found.map(({ node }) => [node, node.key]));
  const transitions: Chart['transitions'] = [];
  for (const { node } of found) {
    // An inner state that answers an event whatever happens hides what outer states would do with it.
    const answered = new Set<string>();
    for (let level: AnyStateNode | undefined = node; level; level = level.parent) {
      for (const [on, candidates] of level.transitions) {
        if (answered.has(on)) continue;
        if (candidates.some((candidate) => !candidate.guard)) answered.add(on);
        for (const candidate of candidates) {
          const target = candidate.target?.[0];
          const to = target ? landing(target, known) : undefined;
          if (to && to !== node.key) transitions.push({ from: node.key, to, on });
        }
      }
    }
  }
  const distinct = new Map(transitions.map((one) => [`${one.from} ${one.to} ${one.on}`, one]));
  return {
    current: found.find(({ node }) => active.some((one) => one.id === node.id))?.node.key ?? '',
    states: found.map(({ node, text }) => ({ name: node.key, text })),
    transitions: [...distinct.values()],
  };
}
