import type { Readable, Writable } from 'node:stream';

/** What a command needs of the process that runs it; tests give their own. */
export interface Surroundings {
  stdin: Readable & { isTTY?: boolean | undefined };
  stdout: Writable & { isTTY?: boolean | undefined; columns?: number | undefined };
  stderr: Writable & { isTTY?: boolean | undefined };
  env: NodeJS.ProcessEnv;
}

/** How a command speaks: answers on standard output, everything about them on standard error. */
export interface Terminal {
  readonly in: Surroundings['stdin'];
  readonly env: NodeJS.ProcessEnv;
  /** Columns of the window; undefined when nobody looks at it. */
  readonly columns: number | undefined;
  print(text: string): void;
  printJson(value: unknown): void;
  note(text: string): void;
  /** One line that stands only while somebody looks, each in place of the one before; empty: none. */
  progress(text: string): void;
  paint(text: string, paint: Paint): string;
}

/** Colours; each stands beside a word or sign that says the same. */
export type Paint = 'good' | 'bad' | 'warn' | 'faint' | 'strong';

const CODES: Record<Paint, string> = { good: '32', bad: '31', warn: '33', faint: '2', strong: '1' };

/** Colour only for a person who looks and hasn't said no (https://no-color.org). */
export function terminal({ stdin, stdout, stderr, env }: Surroundings): Terminal {
  const coloured = Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    in: stdin,
    env,
    columns: stdout.isTTY ? stdout.columns : undefined,
    print: (text) => void stdout.write(`${text}\n`),
    printJson: (value) => void stdout.write(`${JSON.stringify(value, null, stdout.isTTY ? 2 : 0)}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    progress: (text) => void (stderr.isTTY && stderr.write(`\r\u001b[K${text}`)),
    paint: (text, paint) => (coloured ? `\u001b[${CODES[paint]}m${text}\u001b[0m` : text),
  };
}

/** Something a person can do something about: told without a stack. Exit code 1, or 2 when the command itself is wrong. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly code: 1 | 2;
  constructor(message: string, code: 1 | 2 = 1) {
    super(message);
    this.code = code;
  }
}

/** The command was written wrongly. */
export const misused = (message: string): CommandFailed => new CommandFailed(message, 2);

/** Text from elsewhere, safe to print: control characters could move the cursor or change its title. */
export function printable(text: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return String(text ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/** After a second without an answer, says what is being waited for. */
export async function patiently<T>(out: Terminal, what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => out.note(`${what} …`), 1_000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
