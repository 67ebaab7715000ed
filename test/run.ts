import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';

/**
 * Checks types and lint, then runs the tests: `--free` runs those without processes and ports only.
 * The last line is `N passed, N failed`; the exit code is 1 when anything failed.
 */
const root = path.resolve(import.meta.dirname, '..');
const freeOnly = process.argv.includes('--free');

interface Tally {
  passed: number;
  failed: number;
}

/** Runs a checking command of node_modules; its own output tells what is wrong. */
function check(name: string, command: string, args: string[]): Tally {
  const { status } = spawnSync(path.join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? '✔' : '✘'} ${name}`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Free tests come first: they are quick, and what fails there explains what fails later. */
function testFiles(): string[] {
  const all = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join('test', file))
    .sort();
  const live = all.filter((file) => file.endsWith('.live.test.ts'));
  const free = all.filter((file) => !file.endsWith('.live.test.ts'));
  return freeOnly ? free : [...free, ...live];
}

async function runMocha(files: string[]): Promise<Tally> {
  const mocha = new Mocha({ timeout: 20_000, slow: 2_000, color: process.stdout.isTTY });
  for (const file of files) mocha.addFile(path.join(root, file));
  await mocha.loadFilesAsync();
  return new Promise((resolve) => {
    const tally = { passed: 0, failed: 0 };
    const runner = mocha.run(() => resolve(tally));
    runner.on('pass', () => {
      tally.passed++;
    });
    runner.on('fail', () => {
      tally.failed++;
    });
  });
}

const tallies = [
  check('types', 'tsc', ['--noEmit']),
  check('types of the page', 'tsc', ['--noEmit', '-p', 'adapters/browser']),
  check('lint and format', 'biome', ['check', '.']),
  await runMocha(testFiles()),
];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
