import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { LadderInput, LadderReport, LadderSlot, MeasureReport, MeasureSlot } from '../machines/slots.ts';
import { type FfmpegRun, lastWords, runFfmpeg } from './ffmpeg.ts';
import {
  AUDIO,
  INPUT_OPTIONS,
  inputList,
  ladderOutput,
  PACKETS_FORMAT,
  PACKETS_OPTIONS,
} from './ladder.ffmpeg/arguments.ts';
import { endedBy } from './ladder.ffmpeg/ended.ts';
import { emptySegment, isFlowing, sweepBefore } from './ladder.ffmpeg/folder.ts';
import { readPackets } from './ladder.ffmpeg/packets.ts';
import { type FedRelay, type Feeding, feedPaths, SOCKETS_WITHIN_MS, takeTurns } from './mediamtx/fed-paths.ts';

/** What the ladder slots need from the place where they are made. */
export interface LadderOptions extends Feeding {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** Where HLS is written: one folder a camera. */
  folder: string;
  /** An FFmpeg that holds more leaks; by default one gigabyte, several times what a ladder needs. */
  mostMemoryBytes?: number;
  /** Whether a camera's encoder lets others go first, while the processor is too small for all. */
  yields?(camera: string): boolean;
}

/** The slots of the rendition machine. */
export interface Ladders {
  measure: MeasureSlot;
  ladder: LadderSlot;
}

const MOST_MEMORY_BYTES = 2 ** 30;
/** A program must show a key frame interval within this time. */
const MEASURE_MS = 6_000;
/** FFmpeg must have made its first segment within this time. */
const FIRST_MS = 15_000;
const LOOK_EVERY_MS = 100;

type Ended = Extract<LadderReport, { type: 'ladder.ended' }>;
type Reason = Ended['reason'];

/** The path of a rung at its relay; the top rung that is copied has the camera's own. */
export const rungPath = (camera: string, rung: string): string => `${camera}/${rung}`;

/** Cuts a stream of bytes into lines. */
function byLine(take: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}

/** Makes the ladder slots: one FFmpeg a camera that decodes once and makes every rung. */
export function createLadders(options: LadderOptions): Ladders {
  const turns = takeTurns(options);
  const passOn = (camera: string, { reason }: Ended): void => {
    if (reason === 'source' || reason === 'relay') turns.passOn(camera);
  };

  const measure: MeasureSlot = ({ camera }, report: (event: MeasureReport) => void) => {
    const packets = readPackets();
    const heard = lastWords();
    const finish = (event: MeasureReport) => {
      clearTimeout(timer);
      run.kill();
      if (event.type === 'ladder.ended') passOn(camera, event);
      report(event);
    };
    const run = runFfmpeg({
      program: options.ffmpeg,
      ...{ inputFormat: 'concat', inputOptions: ['-v warning', ...INPUT_OPTIONS] },
      ...{ outputFormat: PACKETS_FORMAT, outputOptions: PACKETS_OPTIONS },
      onOutput: byLine((line) => {
        const measured = packets.line(line);
        if (measured) finish({ type: 'program.measured', ...measured });
      }),
      onLine: heard.add,
      onEnd: (detail) => finish({ type: 'ladder.ended', ...endedBy(heard, detail) }),
    });
    const timer = setTimeout(() => {
      const measured = packets.soFar();
      const detail = `no picture within ${MEASURE_MS} ms`;
      finish(measured ? { type: 'program.measured', ...measured } : { type: 'ladder.ended', reason: 'source', detail });
    }, MEASURE_MS);
    run.write(Buffer.from(inputList(turns.relayFor(camera).urlOf(camera))));
    run.end();
    return {
      release() {
        clearTimeout(timer);
        run.kill();
      },
    };
  };

  const ladder: LadderSlot = (input, report) => {
    const relay = turns.relayFor(input.camera);
    const making = make(input, relay, options, (event) => {
      if (event.type === 'ladder.ended') passOn(input.camera, event);
      report(event);
    });
    return { release: () => making.stop(true), detach: () => making.stop(false) };
  };
  return { measure, ladder };
}

/** Has one ladder made until it is stopped or ends; its end is told once. */
function make(input: LadderInput, relay: FedRelay, options: LadderOptions, report: (event: LadderReport) => void) {
  // A ladder that was begun by an older program was not told of key frames.
  const { camera, rungs, audio, fps, gopMs = 2_000, stalledMs } = input;
  const { mostMemoryBytes = MOST_MEMORY_BYTES } = options;
  const folder = path.join(options.folder, camera);
  const names = [...rungs.map(({ name }) => name), ...(audio ? [AUDIO] : [])];
  const startedMs = Date.now();
  const start = String(startedMs);
  const began = performance.now();
  const heard = lastWords();
  const published = rungs.filter(({ how }) => how === 'encoded').map(({ name }) => rungPath(camera, name));
  let run: FfmpegRun | undefined;
  let over = false;
  let flowing = false;
  let movedAt = began;

  const stop = (clear: boolean) => {
    if (!over) run?.kill();
    over = true;
    clearInterval(looking);
    fed.drop();
    if (clear) rmSync(folder, { recursive: true, force: true });
  };
  const end = (event: Ended) => {
    if (over) return;
    // The files stay: a player that is a few seconds behind goes on until the next start takes over.
    stop(false);
    report(event);
  };
  const endFor = (reason: Reason, detail: string) => end({ type: 'ladder.ended', reason, detail });

  const fed = feedPaths(options, relay, published, (detail) => endFor('relay', detail));

  const begin = () => {
    mkdirSync(folder, { recursive: true });
    run = runFfmpeg({
      program: options.ffmpeg,
      ...{ inputFormat: 'concat', inputOptions: ['-v warning', ...INPUT_OPTIONS], folder },
      also: ladderOutput({ rungs, audio, fps, gopMs, start, socket: (rung) => fed.socketOf(rungPath(camera, rung)) }),
      ...{ outputFormat: PACKETS_FORMAT, outputOptions: PACKETS_OPTIONS },
      onOutput() {
        movedAt = performance.now();
      },
      onLine: heard.add,
      onEnd: (detail) => end({ type: 'ladder.ended', ...endedBy(heard, detail) }),
    });
    run.write(Buffer.from(inputList(relay.urlOf(camera))));
    run.end();
  };

  const look = () => {
    const atMs = performance.now();
    if (!run) {
      if (fed.areAwaited()) return begin();
      if (atMs - began > SOCKETS_WITHIN_MS)
        endFor('relay', `the relay opened no socket within ${SOCKETS_WITHIN_MS} ms`);
      return;
    }
    run.yieldToOthers(options.yields?.(camera) ?? false);
    if (!flowing && isFlowing(folder, names, start)) {
      flowing = true;
      sweepBefore(folder, startedMs);
      report({ type: 'ladder.flowing', elapsed_ms: Math.round(atMs - began) });
    }
    fed.keepShared();
    const memory = run.memoryBytes() ?? 0;
    if (memory > mostMemoryBytes) return endFor('memory', `${Math.round(memory / 2 ** 20)} MB`);
    const empty = emptySegment(folder, names);
    if (empty) return endFor('disk', `${empty} is empty`);
    if (!flowing && atMs - began > FIRST_MS) return endFor('stalled', `no segment within ${FIRST_MS} ms`);
    if (flowing && atMs - movedAt > stalledMs) return endFor('stalled', `nothing for ${Math.round(atMs - movedAt)} ms`);
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  return { stop };
}
