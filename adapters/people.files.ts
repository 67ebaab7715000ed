import Type from 'typebox';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { type Of, shape } from '../bus/shape.ts';
import { type Entries, openEntries } from './entries.files.ts';

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
export type People = Entries<Person>;

/**
 * Opens the people of a data folder. What one process writes, the others see at the next sign-in.
 * @param at STATE/people.json
 */
export const openPeople = (at: string): People =>
  openEntries<Person>(at, {
    read: (content) => file.parse(content).people,
    write: (people) => ({ people }),
    what: 'people as `signalbox user` writes them',
  });
