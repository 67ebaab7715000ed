import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Fault } from './fault.ts';

/** Where something stands in a file, both counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** A path to a setting: `['relays', 0, 'id']`. */
export type SettingPath = (string | number)[];

/** A YAML text as plain values, and where each of them stands. */
export interface ParsedYaml {
  value: unknown;
  /** The place of a setting's name or value; of the nearest one around it when it is not there itself. */
  place(path: SettingPath, part: 'name' | 'value'): Place;
  faults: Fault[];
}

/** The largest configuration file that is read. */
export const MAX_CONFIG_BYTES = 1_000_000;

// Enough for shared settings, far too few for a file of aliases of aliases that unfolds to gigabytes.
const MAX_ALIASES = 10_000;

/** Reads YAML 1.2: one document, no tags of other languages, no key twice, few aliases. Never throws for the text. */
export function parseYaml(text: string): ParsedYaml {
  const nowhere = { line: 1, column: 1 };
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    const message = `the file is larger than ${MAX_CONFIG_BYTES / 1_000_000} MB`;
    return { value: undefined, place: () => nowhere, faults: [{ setting: '', message, ...nowhere }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults: Fault[] = [...document.errors, ...document.warnings].map((problem) => ({
    setting: '',
    message:
      problem.code === 'MULTIPLE_DOCS'
        ? 'expected one document, found a second one behind ---'
        : (problem.message.split('\n')[0] as string),
    ...at(problem.pos[0]),
  }));
  let value: unknown;
  if (faults.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      const message = error instanceof ReferenceError ? error.message : `can't be read: ${String(error)}`;
      faults.push({ setting: '', message, ...nowhere });
    }
  }
  const place = (path: SettingPath, part: 'name' | 'value'): Place => {
    const offset = offsetOf(document.contents, path, part, (node) => (isAlias(node) ? node.resolve(document) : node));
    return offset === undefined ? nowhere : at(offset);
  };
  return { value, place, faults };
}

function offsetOf(
  root: unknown,
  path: SettingPath,
  part: 'name' | 'value',
  follow: (node: unknown) => unknown,
): number | undefined {
  let node = root;
  let offset = (root as Node | null)?.range?.[0];
  for (const [depth, step] of path.entries()) {
    const inside = follow(node);
    const last = depth === path.length - 1;
    if (isMap(inside)) {
      const pair = inside.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (!pair) return offset;
      const wanted = last && part === 'name' ? pair.key : (pair.value ?? pair.key);
      offset = (wanted as Node | null)?.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(inside)) {
      node = inside.items[Number(step)];
      offset = (node as Node | null)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
