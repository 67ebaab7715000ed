import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { misused, type Terminal } from './terminal.ts';

const LONGEST_PASSWORD = 4096;

/**
 * A password from the terminal, or, when asked so, from standard input: never from the command line itself.
 * @throws CommandFailed when there is neither, or nothing was typed
 */
export async function readPassword(out: Terminal, question: string, fromStdin: boolean | undefined): Promise<string> {
  if (!fromStdin && !out.in.isTTY) {
    throw misused('there is no terminal to ask for the password: pipe it in and add --password-stdin');
  }
  const password = fromStdin ? await readAll(out) : await askHidden(out, question);
  if (!password) throw misused('the password is empty');
  return password;
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
