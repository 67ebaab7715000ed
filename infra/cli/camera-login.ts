import { BadAddress, parseCameraAddress } from '../config/address.ts';
import { readPassword } from './password.ts';
import { misused, type Terminal } from './terminal.ts';

/** Where a camera's login comes from: never from the command line itself. */
export interface LoginOptions {
  user?: string;
  passwordStdin?: boolean;
}

/**
 * The addresses with the login in them, as they go to the gateway in the body of a request.
 * @param again the command that would be right, for who wrote a password into an address
 * @throws CommandFailed when an address is none or carries a password
 */
export async function withLogin(
  addresses: string[],
  options: LoginOptions,
  again: (address: string) => string,
  out: Terminal,
): Promise<string[]> {
  for (const address of addresses) refuseBadAddress(address, again);
  const { user, passwordStdin } = options;
  if (user === undefined) {
    if (passwordStdin) throw misused('--password-stdin needs --user NAME beside it');
    return addresses;
  }
  const password = await readPassword(out, `password of ${user}: `, passwordStdin);
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return addresses.map((address) => address.replace('://', `://${login}`));
}

function refuseBadAddress(address: string, again: (address: string) => string): void {
  try {
    const { url, username, password } = parseCameraAddress(address);
    if (username === undefined && password === undefined) return;
    throw misused(
      'a password on the command line is seen by every user of this machine and kept in the history: ' +
        `write ${again(url)} --user NAME, and type the password when asked (or pipe it in with --password-stdin)`,
    );
  } catch (error) {
    if (error instanceof BadAddress) throw misused(`the address of the camera: ${error.message}`);
    throw error;
  }
}
