import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { removeFile, replaceFile, whileLocked } from './files.ts';

/** What the hosts of an installation share of their data folders, entry by entry. */
export interface SharedFiles {
  /** Every entry by its key, such as `people.bGFu`, in the order in which others should hear of them. */
  entries(): Map<string, string>;
  /** Puts an entry where everything on this host finds it; undefined removes it. */
  write(key: string, text: string | undefined): void;
  /** Whether something was written since it was asked last, here or by another process of this host. */
  changed(): boolean;
}

/** One kind of entry and where it lies. */
interface Part {
  entries(): Map<string, string>;
  write(name: string, text: string | undefined): void;
  /** Another one whenever an entry may be another. */
  stamp(): string;
}

const stampOf = (file: string): string => {
  const { ino, mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return `${ino} ${mtimeMs} ${size}`;
};

/** How entries stand in a file of JSON. */
interface Layout {
  read(content: object): [name: string, entry: unknown][];
  make(entries: [name: string, entry: unknown][]): object;
}

const listOf = (property: string): Layout => ({
  read: (content) => ((content as Record<string, { id: string }[]>)[property] ?? []).map((entry) => [entry.id, entry]),
  make: (entries) => ({ [property]: entries.map(([, entry]) => entry) }),
});

const CAMERAS: Layout = {
  read: (content) => Object.entries((content as { cameras?: object }).cameras ?? {}),
  make: (entries) => ({ version: 1, cameras: Object.fromEntries(entries) }),
};

/** Entries that stand together in one file. */
function inFile(file: string, layout: Layout): Part {
  const read = (): Map<string, unknown> => {
    try {
      return new Map(layout.read(JSON.parse(readFileSync(file, 'utf8'))));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw error;
    }
  };
  return {
    entries: () => new Map([...read()].map(([name, entry]) => [name, JSON.stringify(entry)])),
    write: (name, text) =>
      whileLocked(file, () => {
        const entries = read();
        if (text === undefined) entries.delete(name);
        else entries.set(name, JSON.parse(text));
        replaceFile(file, JSON.stringify(layout.make([...entries])));
      }),
    stamp: () => stampOf(file),
  };
}

/** Entries that are a file each. */
function inFolder(folder: string, names: RegExp): Part {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const present = () => readdirSync(folder).filter((name) => names.test(name));
  return {
    entries: () =>
      new Map(
        present().flatMap((name): [string, string][] => {
          try {
            return [[name, readFileSync(path.join(folder, name)).toString('base64')]];
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // it went while we looked
            throw error;
          }
        }),
      ),
    write(name, text) {
      if (!names.test(name)) throw new Error(`"${name.slice(0, 80)}" is no file of ${folder}`);
      const file = path.join(folder, name);
      if (text === undefined) removeFile(file);
      else replaceFile(file, Buffer.from(text, 'base64'));
    },
    stamp: () =>
      present()
        .map((name) => `${name} ${stampOf(path.join(folder, name))}`)
        .join('\n'),
  };
}

/** Entries that the first host decides about, and nobody takes away. */
export const isFixed = (key: string): boolean => key.startsWith('keys.');

/** Opens what is shared of a data folder. @param state STATE */
export function openSharedFiles(state: string): SharedFiles {
  const at = (name: string) => path.join(state, name);
  // A login comes before the camera that needs it.
  const parts: Record<string, Part> = {
    keys: inFolder(at('keys'), /^(signing-\d{1,9}\.pem|hls\.key)$/),
    revocations: inFile(at('revocations.json'), listOf('revocations')),
    services: inFile(at('services.json'), listOf('services')),
    people: inFile(at('people.json'), listOf('people')),
    layouts: inFile(at('layouts.json'), listOf('layouts')),
    secrets: inFolder(at('secrets'), /^[a-z0-9][a-z0-9_-]{0,79}(\.[1-9][0-9]{0,8})?\.json$/),
    cameras: inFile(at('cameras.json'), CAMERAS),
    links: inFolder(at('links'), /^[0-9a-f]{64}\.json$/),
    embeds: inFolder(at('embeds'), /^[0-9a-f]{64}\.json$/),
  };
  let seen = '';
  return {
    entries: () =>
      new Map(
        Object.entries(parts).flatMap(([kind, part]) =>
          [...part.entries()].map(([name, text]): [string, string] => [
            `${kind}.${Buffer.from(name).toString('base64url')}`,
            text,
          ]),
        ),
      ),
    write(key, text) {
      const [kind = '', name = ''] = key.split('.');
      const part = parts[kind];
      // What is undone at once would look as if nothing had been written.
      seen = 'written';
      // A host of a later version may share more.
      if (part) part.write(Buffer.from(name, 'base64url').toString('utf8'), text);
    },
    changed() {
      const now = Object.values(parts)
        .map((part) => part.stamp())
        .join('\n\n');
      const changed = now !== seen;
      seen = now;
      return changed;
    },
  };
}
