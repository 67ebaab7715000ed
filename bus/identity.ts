import { randomBytes } from 'node:crypto';
import Type from 'typebox';

declare const branded: unique symbol;

/** A name that is safe as a NATS token, a Redis key, a path segment and a file name. Made only here. */
export type Id = string & { readonly [branded]: 'Id' };

/** The grammar of every id. NATS would deliver `*`, `>` and `a.b` as if they were addresses. */
export const ID_PATTERN = '^[a-z0-9][a-z0-9_-]{0,63}$';

/** The schema of an id inside other shapes. */
export const IdSchema = Type.String({ pattern: ID_PATTERN, description: 'lower-case id' });

const grammar = new RegExp(ID_PATTERN);

// These match the grammar but are keys that JavaScript objects inherit.
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase()));

/** Thrown by {@link id} when a text is not an id. */
export class BadId extends Error {
  constructor(text: string) {
    super(`"${text.slice(0, 80)}" is not an id: use 1 to 64 of a-z, 0-9, _ and -, starting with a letter or digit`);
    this.name = 'BadId';
  }
}

/** Whether the text is a usable id. */
export function isId(text: unknown): text is Id {
  return typeof text === 'string' && grammar.test(text) && !inherited.has(text);
}

/** The text as an id. @throws BadId when it is not one. */
export function id(text: unknown): Id {
  if (!isId(text)) throw new BadId(typeof text === 'string' ? text : `a value of type ${typeof text}`);
  return text;
}

/** A fresh, unguessable id: the prefix, an underscore and 26 characters carrying 130 bits. */
export function newId(prefix: string): Id {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let text = '';
  for (const byte of randomBytes(26)) text += alphabet[byte & 31];
  return id(`${prefix}_${text}`);
}
