import { spawn } from 'node:child_process';

/** Set-up can't go on; the message says what a person has to do. */
export class SetupStopped extends Error {
  name = 'SetupStopped';
}

const FIRST_TICK_MS = 1000;
const NEXT_TICK_MS = 5000;

/** One line for a person, on standard error: standard output belongs to what is started afterwards. */
export const tell = (line) => process.stderr.write(`signalbox set-up: ${line}\n`);

/**
 * Does a piece of work under one line of progress; what takes longer than a second says how long it has taken.
 * @param {string} what what is done, for instance "installing npm packages"
 * @param {(note: (text: string) => void) => Promise<T>} work may note how far it is
 * @returns {Promise<T>}
 * @template T
 */
export async function progress(what, work) {
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  let noted = '';
  let timer = setTimeout(function tick() {
    tell(`  … ${seconds()}${noted && `, ${noted}`}`);
    timer = setTimeout(tick, NEXT_TICK_MS);
  }, FIRST_TICK_MS);
  tell(what);
  try {
    const result = await work((text) => {
      noted = text;
    });
    if (Date.now() - startedAt > FIRST_TICK_MS) tell(`  done after ${seconds()}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a command to its end.
 * @returns {Promise<{ok: boolean, output: string}>} `output`: the end of what it printed, both streams
 */
export function attempt(command, args, { cwd, env, note } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-8000);
      const line = String(chunk).trim().split('\n').at(-1);
      if (line) note?.(line.slice(0, 100));
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}

/** The same for a command that must succeed. @throws SetupStopped with the end of what it printed */
export async function must(command, args, options = {}) {
  const { ok, output } = await attempt(command, args, options);
  if (ok) return output;
  const last = output.split('\n').slice(-15).join('\n  ');
  throw new SetupStopped(`this failed: ${[command, ...args].join(' ')}\n  ${last}`);
}
