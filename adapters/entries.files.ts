import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freshlyRead, readPrivate, replaceFile, whileLocked } from './files.ts';

/** Things with ids that are kept together. */
export interface Entries<T extends { id: string }> {
  list(): T[];
  find(id: string): T | undefined;
  /** False when the id is taken. */
  add(entry: T): boolean;
  /** False when there is none of that id. */
  change(id: string, change: Partial<Omit<T, 'id'>>): boolean;
  /** Puts a whole one in the place of the one of its id; false when there is none. */
  replace(entry: T): boolean;
  /** False when there was none. */
  remove(id: string): boolean;
}

/** How entries stand in their file. */
export interface EntriesLayout<T> {
  /** @throws when it is not what was written */
  read(content: unknown): T[];
  write(entries: T[]): object;
  /** What the file holds, and who writes it, for a sentence. */
  what: string;
}

/**
 * Opens a file of entries: of mode 0600, shared by gateways and command line. What one writes, the others see the next
 * time they look.
 */
export function openEntries<T extends { id: string }>(at: string, layout: EntriesLayout<T>): Entries<T> {
  mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
  const present = freshlyRead(at, () => read(at, layout));
  present();
  /** Writes what `make` makes of the entries; undefined: nothing is changed. */
  const rewrite = (make: (entries: Map<string, T>) => Map<string, T> | undefined): boolean =>
    whileLocked(at, () => {
      const next = make(present());
      if (next) replaceFile(at, JSON.stringify(layout.write([...next.values()])));
      return next !== undefined;
    });
  return {
    list: () => [...present().values()],
    find: (id) => present().get(id),
    add: (entry) => rewrite((entries) => (entries.has(entry.id) ? undefined : new Map(entries).set(entry.id, entry))),
    change: (id, change) =>
      rewrite((entries) => {
        const entry = entries.get(id);
        return entry && new Map(entries).set(id, { ...entry, ...change });
      }),
    replace: (entry) =>
      rewrite((entries) => (entries.has(entry.id) ? new Map(entries).set(entry.id, entry) : undefined)),
    remove: (id) =>
      rewrite((entries) => {
        const next = new Map(entries);
        return next.delete(id) ? next : undefined;
      }),
  };
}

function read<T extends { id: string }>(at: string, layout: EntriesLayout<T>): Map<string, T> {
  const text = readPrivate(at);
  if (text === undefined) return new Map();
  try {
    return new Map(layout.read(JSON.parse(text)).map((entry) => [entry.id, entry]));
  } catch {
    // The parser's own message would repeat what stands in the file.
    throw new Error(`${at} does not hold ${layout.what}: put back a copy, or delete it`);
  }
}
