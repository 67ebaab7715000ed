import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import { relayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import type { Measured, PlannedRung } from '../../bus/events/rendition.ts';
import { findProgram } from '../../infra/binaries.ts';
import { planLadder, rungsNamed, USUAL_RUNGS } from '../../machines/policy/ladder.ts';
import type { LadderSlot } from '../../machines/slots.ts';
import { startCamera } from '../fixtures/camera.ts';
import { descendants } from '../fixtures/launcher/start.ts';
import { until } from '../fixtures/process.ts';
import { serveTokenKeys, startRelay } from '../fixtures/relay.ts';
import { processorSeconds } from './cost/usage.ts';
import { FILMED, film, makeRungs, similarity } from './ladder/film.ts';
import { type BenchOptions, type BenchRow, type BenchTable, quantile, thisMachine } from './table.ts';

const PROGRAM = 'cam_001';

/** The ladders' processes, by what their arguments name. */
const ladderPids = (): number[] =>
  descendants(process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hls_segment_filename');
    } catch {
      return false; // it has ended since
    }
  });

/** Holds these ladders, each of some rungs of the one program, and tells what they cost, in percent of a core. */
async function costOf(ladder: LadderSlot, measured: Measured, sets: PlannedRung[][], seconds: number) {
  const startedAt = performance.now();
  let flowing = 0;
  const { audio, fps, gop_ms: gopMs } = measured;
  const held = sets.map((rungs, n) =>
    ladder({ camera: `set_${n}`, rungs, audio, fps, gopMs, stalledMs: 20_000 }, (report) => {
      if (report.type === 'ladder.ended') throw new Error(`a ladder ended: ${report.detail}`);
      flowing++;
    }),
  );
  await until('every ladder to flow', () => flowing === sets.length, 30_000);
  const firstMs = performance.now() - startedAt;
  const pids = ladderPids();
  const [before, from] = [processorSeconds(pids), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const cpu = ((processorSeconds(pids) - before) / ((performance.now() - from) / 1000)) * 100;
  for (const one of held) one.release();
  await until('their processes to be gone', () => ladderPids().length === 0, 10_000);
  return { cpu, firstMs };
}

/** One camera: a ladder in one process beside a process for each rung. */
async function compare(height: number, bitrateBps: number, seconds: number) {
  const keys = await serveTokenKeys();
  const relay = await startRelay('delivery', keys);
  const paths = relayPaths(relay.api);
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-bench-'));
  const publish = keys.token('switcher', [{ action: 'publish', path: PROGRAM }]);
  const picture = { width: (height * 16) / 9, height, fps: 25, gopSeconds: 2, bitrateBps };
  const camera = startCamera(relay.rtsp(PROGRAM, publish), picture);
  try {
    await until('the program', async () => (await relay.api.paths()).some(({ available }) => available), 20_000);
    const ladder = createLadders({
      ffmpeg: findProgram('ffmpeg'),
      relays: [
        {
          paths,
          urlOf: () => relay.rtsp(PROGRAM, keys.token('ladder', [{ action: 'read', path: PROGRAM }])),
          feeds: true,
        },
      ],
      ...{ folder: path.join(folder, 'hls'), sockets: path.join(folder, 'run') },
    });
    const { width, fps } = picture;
    const source: Measured = {
      ...{ codec: 'h264', width, height, fps, gop_ms: picture.gopSeconds * 1_000 },
      ...{ reordered: false, bitrate_bps: bitrateBps, audio: false },
    };
    const { rungs } = planLadder(source, rungsNamed(USUAL_RUNGS));
    const apart = rungs.map((rung): PlannedRung[] => [{ ...rung, how: 'encoded' }]);
    const one = await costOf(ladder, source, [rungs], seconds);
    const separate = await costOf(ladder, source, apart, seconds);
    return { one, separate, copied: rungs.some(({ how }) => how === 'copied') };
  } finally {
    await camera.stop();
    paths.close();
    await relay.close();
    keys.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of so many cameras alike one is watched in all its rungs, or as many rungs as it has each of another camera. */
const CAMERAS = 5;
/** What is always on, as peers do it, runs a process for each rung. */
const SHARE = 0.15;
const FILM_S = 20;

/** What of a film of the same length each way takes, and how near its rungs come to what was filmed. */
function compareFilms(pairs: number, say: (text: string) => void): BenchRow[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-bench-'));
  try {
    const source = film(folder, FILM_S);
    const { rungs } = planLadder(FILMED, rungsNamed(USUAL_RUNGS));
    const encoded = rungs.filter(({ how }) => how === 'encoded');
    const runs = Array.from({ length: pairs }, () => {
      const one = makeRungs(source, rungs, 'one');
      const alone = rungs.map((rung) => makeRungs(source, [{ ...rung, how: 'encoded' }], 'alone'));
      return { one, apart: alone.reduce((sum, each) => sum + each, 0) };
    });
    const percent = (seconds: number[]) => (quantile(seconds, 0.5) / FILM_S) * 100;
    const [one, apart] = [percent(runs.map((run) => run.one)), percent(runs.map((run) => run.apart))];
    const always = CAMERAS * apart;
    const share = (watched: number, what: string): BenchRow => ({
      measure: `viewers on 20 % of the rungs of ${CAMERAS} cameras, ${what}: processor time`,
      ...{ ours: watched * one, peer: always, ratio: always / (watched * one), unit: '% of a core' },
      ...{ aim: `≤ ${SHARE}× ladders that are always on`, met: watched * one <= SHARE * always },
    });
    say(`a ladder ${one.toFixed(1)} % of a core, a process for each of its rungs ${apart.toFixed(1)} %`);
    const quality = encoded.map((rung): BenchRow => {
      const [ours, peer] = [similarity(source, rung, 'one'), similarity(source, rung, 'alone')];
      const aim = 'within 1 % of a process of its own';
      return { measure: `${rung.name}: SSIM`, ours, peer, unit: '', aim, met: Math.abs(ours / peer - 1) <= 0.01 };
    });
    return [share(1, 'all of one camera'), share(rungs.length, 'each of another camera'), ...quality];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a ladder costs in one process, and what the same rungs cost in a process each. */
export async function bench({ seconds = 15, pairs = 3, say = () => {} }: BenchOptions): Promise<BenchTable> {
  const films = compareFilms(pairs, say);
  const hd = await compare(720, 2_000_000, seconds);
  say(`720p: ${hd.one.cpu.toFixed(0)} % of a core, apart ${hd.separate.cpu.toFixed(0)} %`);
  const full = await compare(1080, 4_000_000, seconds);
  say(`1080p: ${full.one.cpu.toFixed(0)} % of a core, apart ${full.separate.cpu.toFixed(0)} %`);
  const row = (what: string, { one, separate }: typeof hd, most: number) => ({
    measure: `${what}: processor time of the ladder`,
    ...{ ours: one.cpu, peer: separate.cpu, ratio: separate.cpu / one.cpu, unit: '% of a core' },
    ...{ aim: `≤ ${most}× of three processes`, met: one.cpu <= most * separate.cpu },
  });
  return {
    name: 'ladder',
    machine: thisMachine(),
    rows: [
      row(`720p camera, top rung ${hd.copied ? 'copied' : 'encoded'}`, hd, 0.45),
      row(`1080p camera, top rung ${full.copied ? 'copied' : 'encoded'}`, full, 0.8),
      ...films,
      { measure: '720p camera: start of FFmpeg to the first playable rung', ours: hd.one.firstMs, unit: 'ms' },
    ],
    notes: [
      'Processor time over a fixed time says something only where the processors have time: run it on a machine that does nothing else.',
      `${seconds} s each, camera and relay on the same cores. The peer is a process of the same program for each rung, with the same encoder and settings.`,
      `Viewers on 20 %: processor time of FFmpeg for a film of ${FILM_S} s, median of ${pairs}, which others beside it hardly change; one camera is measured and counted as often as its ladder runs, as nobody watching costs nothing. Always on is a process for each rung of each camera; beside our own ladders always on it is 1 of ${CAMERAS}, or 3.`,
    ],
  };
}
