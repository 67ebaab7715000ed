import { fork, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Mocha from 'mocha';

/**
 * Checks types and lint, then runs the tests: `--free` runs those without processes and ports only, `--only FILE` one
 * file. The last line is `N passed, N failed`; the exit code is 1 when anything failed.
 *
 * Live files mostly wait, for an outage to be noticed or a picture to come, so several go side by side, each in a
 * process of its own, its output told when it is through; those that bound gaps on a screen come last, one at a time.
 * One can fail because the machine had something else to do.
 * It is therefore tried once more, alone; what then passes counts as passed and is listed with what had failed the
 * first time.
 */
const root = path.resolve(import.meta.dirname, '..');
const freeOnly = process.argv.includes('--free');
const only = process.argv.indexOf('--only');

/** So many live files go side by side. */
const LANES = Math.min(2, os.availableParallelism());
/** They judge by the millisecond when a picture is on screen, and so would measure what runs beside them. */
const BY_THEMSELVES = new Set(
  [
    'adapters/browser/standby',
    ...['adaptation', 'hosts', 'moves', 'rewind', 'scrubber', 'watching'].map((name) => `group/${name}`),
  ].map((name) => `test/${name}.live.test.ts`),
);
/** When more live files than this fail, it was not the machine. */
const MOST_SECOND_TRIES = 20;
/** A live file that has not ended by then never will. */
const FILE_TIMEOUT_MS = 480_000;
const SLOWEST_TOLD = 10;

interface Tally {
  passed: number;
  failed: number;
}

/** How one test file went. */
interface FileTally extends Tally {
  file: string;
  tookMs: number;
  /** What failed, each with its error's first line. */
  faults: string[];
}

const isLive = (file: string) => file.endsWith('.live.test.ts');

/** Runs a checking command of node_modules; its own output tells what is wrong. */
function check(name: string, command: string, args: string[]): Tally {
  const { status } = spawnSync(path.join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? '✔' : '✘'} ${name}`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function testFiles(): string[] {
  return readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join('test', file))
    .sort();
}

async function runMocha(files: string[]): Promise<FileTally[]> {
  const mocha = new Mocha({ timeout: 40_000, slow: 2_000, color: process.stdout.isTTY });
  for (const file of files) mocha.addFile(path.join(root, file));
  await mocha.loadFilesAsync();
  const tallies = new Map(
    files.map((file) => [file, { file, passed: 0, failed: 0, tookMs: 0, faults: [] as string[] }]),
  );
  const tallyOf = ({ file }: { file?: string }) =>
    tallies.get(path.relative(root, file ?? '')) ?? ([...tallies.values()].at(-1) as FileTally);
  return new Promise((resolve) => {
    const runner = mocha.run(() => resolve([...tallies.values()]));
    let endedAt = performance.now();
    runner.on('pass', (test) => {
      tallyOf(test).passed++;
    });
    runner.on('fail', (test, error) => {
      const tally = tallyOf(test);
      tally.failed++;
      tally.faults.push(`${test.fullTitle()}: ${String(error?.message).split('\n')[0]}`);
    });
    // Its hooks are part of what a file takes: the time runs from the end of the last one.
    runner.on('suite end', (suite) => {
      if (!suite.parent?.root) return;
      tallyOf(suite).tookMs += performance.now() - endedAt;
      endedAt = performance.now();
    });
  });
}

/** Runs one file in a process of its own, and tells its output when it is through. */
function runAlone(file: string): Promise<FileTally> {
  const startedAt = performance.now();
  const child = fork(import.meta.filename, ['--only', file], {
    cwd: root,
    execArgv: ['--import', 'tsx'],
    silent: true,
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve) => {
    let tally: FileTally = { file, passed: 0, failed: 1, tookMs: 0, faults: ['its process ended without a word'] };
    const timeout = setTimeout(() => {
      tally = { ...tally, faults: [`it had not ended after ${FILE_TIMEOUT_MS / 1000} s`] };
      child.kill('SIGKILL');
    }, FILE_TIMEOUT_MS);
    child.on('message', (told) => {
      tally = told as FileTally;
    });
    child.on('close', () => {
      clearTimeout(timeout);
      const tookMs = performance.now() - startedAt;
      console.log(`\n${file}, ${Math.round(tookMs / 1000)} s${Buffer.concat(output)}`);
      resolve({ ...tally, tookMs });
    });
  });
}

/** Runs live files side by side, each lane the next one when it is through with one; then those that go alone. */
async function runLanes(files: string[]): Promise<FileTally[]> {
  const waiting = files.filter((file) => !BY_THEMSELVES.has(file));
  const tallies: FileTally[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) tallies.push(await runAlone(file));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const file of files.filter((file) => BY_THEMSELVES.has(file))) tallies.push(await runAlone(file));
  return tallies;
}

/** Tries live files that failed once more, and tells of those that passed then. */
async function withSecondTries(tallies: FileTally[]): Promise<FileTally[]> {
  const failed = tallies.filter((tally) => tally.failed > 0);
  if (failed.length > MOST_SECOND_TRIES) return tallies;
  const results = new Map<string, FileTally>();
  for (const first of failed) {
    console.log(`\n${first.file} is tried once more, alone`);
    results.set(first.file, await runAlone(first.file));
  }
  for (const first of failed) {
    if (results.get(first.file)?.failed) continue;
    console.log(`\npassed on its second try: ${first.file}; at the first, failed\n  ${first.faults.join('\n  ')}`);
  }
  return tallies.map((tally) => results.get(tally.file) ?? tally);
}

function tellSlowest(tallies: FileTally[]): void {
  console.log('\nslowest files');
  const slowest = tallies.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, SLOWEST_TOLD);
  for (const { file, tookMs } of slowest) console.log(`${String(Math.round(tookMs / 1000)).padStart(6)} s  ${file}`);
}

if (only > 0) {
  const [tally] = await runMocha([process.argv[only + 1] as string]);
  if (process.send) process.send(tally, () => process.exit(0));
  else process.exit(tally?.failed ? 1 : 0);
} else {
  const checks = [
    check('types', 'tsc', ['--noEmit']),
    check('types of the page', 'tsc', ['--noEmit', '-p', 'adapters/browser']),
    check('lint and format', 'biome', ['check', '.']),
  ];
  // Free tests come first: they are quick, and what fails there explains what fails later.
  const free = await runMocha(testFiles().filter((file) => !isLive(file)));
  const live = freeOnly ? [] : await runLanes(testFiles().filter(isLive));
  tellSlowest([...free, ...live]);
  const tallies: Tally[] = [...checks, ...free, ...(await withSecondTries(live))];
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
