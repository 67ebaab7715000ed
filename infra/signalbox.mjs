#!/usr/bin/env node
// Plain JavaScript: it must be able to say what is missing before anything is installed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

if (!existsSync(fileURLToPath(new URL('../node_modules/tsx', import.meta.url)))) {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`signalbox: nothing is installed yet: run \`npm start\` or \`npm test\` in ${folder} first\n`);
  process.exit(1);
}
// `signalbox log | head` closes our output while we still write: that is an end, not a failure.
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));
const { load } = await import('./translate.mjs');
const { runCommandLine } = await load('infra/cli.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), process);
