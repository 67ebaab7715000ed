import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { isProgram } from '../../adapters/service-tokens.files.ts';
import type { Doer } from '../../bus/events/doer.ts';

/** Who does something, as records and sentences have it: people by their name, programs as what they are. */
export function doerOf({ sub: by, name }: Pick<LoginClaims, 'sub' | 'name'>): Doer {
  if (name === undefined) return { by };
  return { by, by_name: isProgram(by) ? `${name} (a program)` : name };
}
