/**
 * A value as a store keeps it: what JSON makes of it, frozen. What is JSON already is kept itself and not a copy of it:
 * whoever changes what was written down fails at once, and a record shares with the one before what has not changed.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return plain(value) as T;
  if (Object.isFrozen(value)) return value;
  // A date, for instance, says itself how it is written.
  if (!isPlain(value)) return frozen(JSON.parse(JSON.stringify(value)));
  const own = Array.isArray(value) ? items(value) : fields(value as Record<string, unknown>);
  Object.freeze(own);
  return own as T;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

/** What JSON makes of a value that is no object; undefined where it leaves it out. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
}

function items(list: readonly unknown[]): readonly unknown[] {
  const own = list.map((item) => frozen(item) ?? null);
  return own.every((item, place) => item === list[place]) ? list : own;
}

function fields(one: Record<string, unknown>): object {
  let own: Record<string, unknown> | undefined;
  for (const name in one) {
    const given = one[name];
    const value = typeof given === 'string' ? given : frozen(given);
    if (value !== given || value === undefined) own ??= before(one, name);
    if (own && value !== undefined) own[name] = value;
  }
  return own ?? one;
}

/** The fields that stand before one of them. To take fields out of a copy would make all that reads it slow. */
function before(one: Record<string, unknown>, end: string): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const name in one) {
    if (name === end) break;
    own[name] = one[name];
  }
  return own;
}
