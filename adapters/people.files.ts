import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { type Of, shape } from '../bus/shape.ts';
import { freshlyRead, readPrivate, replaceFile, whileLocked } from './files.ts';

/** Names of people: also addresses of e-mail. No colon: names with one are those that other issuers vouch for. */
export const PERSON_NAME = '^[a-z0-9][a-z0-9_.@-]{0,99}$';

const { name, role, cameras, zones, history } = SubjectSchema.properties;
const PersonSchema = Type.Object({
  /** What is typed to sign in, and the `sub` of the tokens. */
  id: Type.String({ pattern: PERSON_NAME }),
  name,
  role,
  cameras,
  zones,
  history,
  /** See passwords.scrypt.ts. */
  password: Type.String(),
  /** Somebody else chose the password, so it opens nothing but its own change. */
  must_change: Type.Boolean(),
  /** Epoch ms. */
  since: Type.Number(),
});
const file = shape('people file', Type.Object({ people: Type.Array(PersonSchema) }));

/** Somebody who signs in with a password. */
export type Person = Of<typeof file>['people'][number];

/** The people of an installation who sign in with a password. */
export interface People {
  list(): Person[];
  find(id: string): Person | undefined;
  /** False when the name is taken. */
  add(person: Person): boolean;
  /** False when there is nobody of that name. */
  change(id: string, change: Partial<Omit<Person, 'id'>>): boolean;
  /** False when there was nobody. */
  remove(id: string): boolean;
}

function read(at: string): Map<string, Person> {
  const text = readPrivate(at);
  if (text === undefined) return new Map();
  let people: Person[];
  try {
    ({ people } = file.parse(JSON.parse(text)));
  } catch {
    // The parser's own message would repeat what stands in the file.
    throw new Error(`${at} does not hold people as \`signalbox user\` writes them: put back a copy, or delete it`);
  }
  return new Map(people.map((person) => [person.id, person]));
}

/**
 * Opens the people of a data folder: one file of mode 0600, shared by gateways and command line. What one writes, the
 * others see at the next sign-in.
 * @param at STATE/people.json
 */
export function openPeople(at: string): People {
  mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
  const present = freshlyRead(at, () => read(at));
  present();
  /** Writes what `make` makes of the people; undefined: nothing is changed. */
  const rewrite = (make: (people: Map<string, Person>) => Map<string, Person> | undefined): boolean =>
    whileLocked(at, () => {
      const next = make(present());
      if (next) replaceFile(at, JSON.stringify({ people: [...next.values()] }));
      return next !== undefined;
    });
  return {
    list: () => [...present().values()],
    find: (id) => present().get(id),
    add: (person) => rewrite((people) => (people.has(person.id) ? undefined : new Map(people).set(person.id, person))),
    change: (id, change) =>
      rewrite((people) => {
        const person = people.get(id);
        return person && new Map(people).set(id, { ...person, ...change });
      }),
    remove: (id) =>
      rewrite((people) => {
        const next = new Map(people);
        return next.delete(id) ? next : undefined;
      }),
  };
}
