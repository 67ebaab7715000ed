import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import type { Person } from '../../adapters/people.files.ts';
import { passwordFault } from '../../machines/policy/passwords.ts';
import type { Attempts } from './attempts.ts';
import { Refusal, unauthorized } from './errors.ts';
import type { HttpServices } from './services.ts';

/** What somebody types. */
export interface Typed {
  user: string;
  password: string;
  /** Replaces the password, once the old one was right. */
  new_password?: string;
}

/** What a person's tokens grant. */
export const grantFor = ({ id, name, role, cameras, zones, history }: Person): LoginGrant => ({
  sub: id,
  ...(name === undefined ? {} : { name }),
  role,
  cameras,
  zones,
  ...(history ? { history } : {}),
});

/**
 * Signs somebody in by name and password. One answer, in the same time, stands for a wrong password and for a name
 * that does not exist.
 * @param address of the caller, for the limit
 * @param revoke ends what was granted to a person before; after a change of password, every other sign-in is over
 * @throws Refusal
 */
export async function signIn(
  { people, passwords }: Pick<HttpServices, 'people' | 'passwords'>,
  attempts: Attempts,
  typed: Typed,
  address: string,
  revoke: (sub: string) => Promise<void>,
): Promise<LoginGrant> {
  const id = typed.user.trim().toLowerCase();
  const wasGood = await attempts.begin(id, address);
  const person = people.find(id);
  const good = await passwords.isRight(typed.password, person?.password);
  if (!good || !person) throw unauthorized('credentials', 'The name or the password is wrong.');
  await wasGood();
  const { new_password: next } = typed;
  if (next === undefined) {
    if (person.must_change) {
      throw new Refusal(403, 'change-password', 'This password was made by somebody else: choose one of your own.');
    }
    return grantFor(person);
  }
  const fault = passwordFault(next, id, typed.password);
  if (fault) throw new Refusal(400, 'weak-password', fault);
  const password = await passwords.hash(next);
  const changed = people.change(id, { password, must_change: false, since: Date.now() });
  if (!changed) throw unauthorized('credentials', 'The name or the password is wrong.');
  await revoke(id);
  return grantFor(person);
}
