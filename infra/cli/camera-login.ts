import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { BadAddress, parseCameraAddress } from '../config/address.ts';
import { misused, type Terminal } from './terminal.ts';

/** Where a camera's login comes from: never from the command line itself. */
export interface LoginOptions {
  user?: string;
  passwordStdin?: boolean;
}

const LONGEST_PASSWORD = 4096;

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
  if (!passwordStdin && !out.in.isTTY) {
    throw misused('there is no terminal to ask for the password: pipe it in and add --password-stdin');
  }
  const password = passwordStdin ? await readAll(out) : await askHidden(out, `password of ${user}: `);
  if (!password) throw misused('the password is empty');
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

async function readAll(out: Terminal): Promise<string> {
  let text = '';
  for await (const chunk of out.in) {
    text += String(chunk);
    if (text.length > LONGEST_PASSWORD) {
      throw misused(`the password on standard input is longer than ${LONGEST_PASSWORD} characters`);
    }
  }
  return text.replace(/\r?\n$/, '');
}

/** Asks on the terminal; what is typed is not shown. */
async function askHidden(out: Terminal, question: string): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: out.in, output: mute, terminal: true });
  out.note(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.question('', resolve);
      lines.once('SIGINT', () => reject(misused('interrupted; nothing was changed')));
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
  }
}
