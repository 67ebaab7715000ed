import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { type Of, shape } from '../bus/shape.ts';
import { readPrivate, removeFile, replaceFile } from './files.ts';

const login = shape(
  'secret file',
  Type.Object({ username: Type.String(), password: Type.String() }, { additionalProperties: false }),
);

/** Who to be towards a camera. Its only home is the secret store; everything else holds a reference to it. */
export type Login = Of<typeof login>;

/** The secret store: logins by credential reference, such as `cam_001-0` for the first source of `cam_001`. */
export interface Secrets {
  /** @throws Error when the file can be read by others or holds no login */
  login(reference: string): Login | undefined;
  /**
   * Keeps a login under a name, written through to the disk before it returns.
   * @returns its reference: the name, and for every later login of that name a number behind it, so that whoever holds
   * a reference notices a new password by its being another one
   */
  keep(name: string, login: Login): string;
  /** False when there was none. */
  forget(reference: string): boolean;
  /** Since when a login stands here, ms of age; undefined: there is none. */
  ageMs(reference: string): number | undefined;
  references(): string[];
}

// A name becomes a file name: an id, a dash and a number. The revision stands behind a dot, which no id has.
const NAME = /^[a-z0-9][a-z0-9_-]{0,79}$/;
const REFERENCE = /^[a-z0-9][a-z0-9_-]{0,79}(\.[1-9][0-9]{0,8})?$/;

/**
 * Opens the secret store of a data folder: one file of mode 0600 per login.
 * @param folder STATE/secrets
 */
export function openSecrets(folder: string): Secrets {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fileOf = (reference: string): string => {
    if (!REFERENCE.test(reference)) throw new Error(`"${reference.slice(0, 80)}" is no credential reference`);
    return path.join(folder, `${reference}.json`);
  };
  const read = (reference: string): Login | undefined => {
    const file = fileOf(reference);
    const text = readPrivate(file);
    return text === undefined ? undefined : parseLogin(file, text);
  };
  const references = () =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.json') && REFERENCE.test(file.slice(0, -5)))
      .map((file) => file.slice(0, -5));
  return {
    login: read,
    keep(name, { username, password }) {
      if (!NAME.test(name)) throw new Error(`"${name.slice(0, 80)}" is no credential name`);
      const newest = newestOf(references(), name);
      const known = newest && read(newest.reference);
      if (newest && known?.username === username && known.password === password) return newest.reference;
      const reference = newest ? `${name}.${newest.revision + 1}` : name;
      replaceFile(fileOf(reference), JSON.stringify({ username, password }));
      return reference;
    },
    forget: (reference) => removeFile(fileOf(reference)),
    ageMs(reference) {
      const found = statSync(fileOf(reference), { throwIfNoEntry: false });
      return found && Date.now() - found.mtimeMs;
    },
    references,
  };
}

/** The latest login of a name. */
function newestOf(references: string[], name: string): { reference: string; revision: number } | undefined {
  const revisions = references.flatMap((reference) => {
    const [of, revision = '1'] = reference.split('.');
    return of === name ? [{ reference, revision: Number(revision) }] : [];
  });
  return revisions.toSorted((one, other) => other.revision - one.revision)[0];
}

function parseLogin(file: string, text: string): Login {
  try {
    return login.parse(JSON.parse(text));
  } catch {
    // The parser's own message would repeat what stands in the file.
    throw new Error(`${file} holds no user name and password: delete it and configure the camera again`);
  }
}
