import { isId } from '../../bus/identity.ts';
import { aboutIn } from '../../machines/policy/alarms.ts';
import type { Line } from './lines.ts';

/** Gives people, cameras, addresses and gateways, which are called after their hosts, other names, the same one everywhere. */
export interface Pseudonyms {
  /** Learns the names in a line: all lines must be shown before the first is rewritten. */
  learn(line: Line): void;
  rewrite(line: Line): Line;
}

type Sort = 'person' | 'title' | 'token' | 'address' | 'gateway';

/** Which fields hold a name, whatever object they stand in. */
const FIELDS: Record<string, Sort> = {
  sub: 'person',
  subject: 'person',
  by: 'person',
  by_name: 'person',
  person: 'person',
  subjects: 'person',
  name: 'title',
  title: 'title',
  jti: 'token',
  address: 'address',
  url: 'address',
  credential: 'address',
  to: 'address',
  node: 'gateway',
};
/** How an envelope says which gateway told it. */
const TELLER = '/gateways/';
/** Fields with sentences in which names may occur. */
const SENTENCES = new Set(['text', 'detail', 'reason', 'note', 'because', 'failed']);
const NETWORK_ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{1,4}\b/gi;
/** Shorter names would be found inside of ordinary words. */
const SHORTEST_IN_SENTENCES = 3;

/** The sort of name that a field holds; undefined when it holds none. */
function sortOf(owner: Record<string, unknown>, field: string): Sort | undefined {
  // An envelope's subject is a cell, an alarm's name is its machine's own word.
  if (field === 'subject' && 'specversion' in owner) return undefined;
  if (field === 'name' && 'at' in owner) return undefined;
  return Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
}

/** The gateway that a string names beside the fields made for it: who told a fact, or whom an alarm is about. */
function gatewayIn(owner: Record<string, unknown>, field: string, text: string): string | undefined {
  if (field === 'source') return text.startsWith(TELLER) ? text.slice(TELLER.length) : undefined;
  if (field === 'id' && owner.kind === 'gateway') return text;
  if (field !== 'id' && field !== 'cell' && field !== 'subject') return undefined;
  const about = aboutIn(text.replace(/^alarm\//, ''));
  return about?.kind === 'gateway' ? about.id : undefined;
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Makes a set of pseudonyms. Numbers are given in the order of learning. */
export function pseudonyms(): Pseudonyms {
  const known = new Map<string, string>();
  /** Names that stand for themselves in sentences: there an id is meant. */
  const ids = new Set<string>();
  const counts = new Map<Sort, number>();
  let finder: RegExp | undefined;

  const nameFor = (sort: Sort, original: string): string => {
    const found = known.get(original);
    if (found) return found;
    const n = (counts.get(sort) ?? 0) + 1;
    counts.set(sort, n);
    if (sort === 'title' && isId(original)) ids.add(original);
    // What an address is for stays as it was: that decides what can be done with it.
    const [scheme] = original.match(/^[a-z][a-z0-9+.-]*:\/\//i) ?? [];
    const name = scheme ? `${scheme}address-${n}.invalid/` : `${sort}-${n}`;
    known.set(original, name);
    finder = undefined;
    return name;
  };
  const learn = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [field, inner] of Object.entries(value)) {
      const sort = sortOf(value as Record<string, unknown>, field);
      // A field may hold several names.
      for (const one of sort && Array.isArray(inner) ? inner : [inner]) {
        const gateway = typeof one === 'string' ? gatewayIn(value as Record<string, unknown>, field, one) : undefined;
        if (gateway) nameFor('gateway', gateway);
        else if (sort && typeof one === 'string' && one) {
          nameFor(sort, one);
          if (URL.canParse(one)) nameFor('address', new URL(one).hostname);
        } else learn(one);
      }
    }
  };
  const sentence = (text: string): string => {
    if (!finder) {
      const names = [...known.keys()].filter((name) => name.length >= SHORTEST_IN_SENTENCES && !ids.has(name));
      names.sort((a, b) => b.length - a.length);
      finder = new RegExp(`(?<![\\p{L}\\p{N}])(?:${names.map(escaped).join('|') || '(?!)'})(?![\\p{L}\\p{N}])`, 'gu');
    }
    return text
      .replace(finder, (name) => known.get(name) ?? name)
      .replace(NETWORK_ADDRESS, (address) => nameFor('address', address));
  };
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (value === null || typeof value !== 'object') return value;
    const owner = value as Record<string, unknown>;
    const textIn = (field: string) => (text: string) => {
      const gateway = gatewayIn(owner, field, text);
      // It stands at the end of what names it.
      if (gateway) return `${text.slice(0, text.length - gateway.length)}${known.get(gateway) ?? gateway}`;
      if (sortOf(owner, field)) return known.get(text) ?? text;
      return SENTENCES.has(field) ? sentence(text) : text;
    };
    const within = (field: string, inner: unknown): unknown => {
      if (typeof inner === 'string') return textIn(field)(inner);
      return Array.isArray(inner) ? inner.map((one) => within(field, one)) : rewrite(inner);
    };
    return Object.fromEntries(Object.entries(owner).map(([field, inner]) => [field, within(field, inner)]));
  };
  return { learn, rewrite: (line) => rewrite(line) as Line };
}
