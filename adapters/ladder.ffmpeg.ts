import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { LadderInput, LadderReport, LadderSlot } from '../machines/slots.ts';
import { type FfmpegRun, lastWords, runFfmpeg } from './ffmpeg.ts';
import {
  AUDIO,
  commonKeysMs,
  INPUT_OPTIONS,
  inputList,
  ladderOutput,
  PACKETS_FORMAT,
  PACKETS_OPTIONS,
  PIECE_S,
  PIECES,
} from './ladder.ffmpeg/arguments.ts';
import { endedBy } from './ladder.ffmpeg/ended.ts';
import { dropPieces, sweepAll, sweepLater, sweepMedia, sweepPlaylists } from './ladder.ffmpeg/folder.ts';
import { targetOf } from './ladder.ffmpeg/joining.ts';
import { watchLateness } from './ladder.ffmpeg/lateness.ts';
import { joinSegments, type Told } from './ladder.ffmpeg/segments.ts';
import { type FedRelay, type Feeding, feedPaths, SOCKETS_WITHIN_MS, takeTurns } from './mediamtx/fed-paths.ts';

/** A camera's program that begins with the pictures since its last key frame. */
export interface ProgramStart {
  /** Where it is read; holds a token. Nothing comes before it is sent off. */
  url: string;
  /** Has it begin as soon as somebody reads it. @returns whether it has begun, at that moment */
  sendOff(): Promise<boolean>;
  /** Nobody reads it any more. */
  close(): void;
}

/** What the ladder slots need from the place where they are made. */
export interface LadderOptions extends Feeding {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** Where HLS is written: one folder a camera. */
  folder: string;
  /** Where a camera's program begins at once at a relay; undefined: the next key frame is waited for. */
  startOf?(camera: string, relay: string): ProgramStart | undefined;
  /** An FFmpeg that holds more leaks; by default one gigabyte, several times what a ladder needs. */
  mostMemoryBytes?: number;
  /** Which rungs of a camera a relay has from now on: they flow. */
  gives?(camera: string, relay: string, rungs: readonly string[]): void;
  /** Whether a camera's encoder lets others go first, while the processor is too small for all. */
  yields?(camera: string): boolean;
  /** For how long players may hold on to what a start told them after its end; by default a minute. */
  rememberedMs?: number;
}

const MOST_MEMORY_BYTES = 2 ** 30;
/** FFmpeg must have made its first segment within this time. */
const FIRST_MS = 15_000;
const LOOK_EVERY_MS = 100;
/** Players that held on to a ladder which was ended give up after this long: its files are of no use any more. */
const REMEMBERED_MS = 60_000;
/** The relay opens its sockets within milliseconds, and somebody waits for a picture. */
const AWAITED_EVERY_MS = 10;

type Ended = Extract<LadderReport, { type: 'ladder.ended' }>;
type Reason = Ended['reason'];

/** The path of a rung at its relay; the top rung that is copied has the camera's own. */
export const rungPath = (camera: string, rung: string): string => `${camera}/${rung}`;

/** Makes the ladder slot: one FFmpeg a camera that decodes once and makes every rung. */
export function createLadders(options: LadderOptions): LadderSlot {
  const { rememberedMs = REMEMBERED_MS } = options;
  const turns = takeTurns(options);
  /** What the players of each camera's last ladder were told, and until when they may hold on to it (monotonic). */
  const told = new Map<string, Told & { untilMs: number }>();
  return (input, report) => {
    const { camera } = input;
    const relay = turns.relayFor(camera);
    const before = told.get(camera);
    const known = before && before.untilMs > performance.now() ? before : undefined;
    const making = make(input, relay, options, known, (event) => {
      const failedThere = event.type === 'ladder.ended' && (event.reason === 'source' || event.reason === 'relay');
      if (failedThere) turns.passOn(camera);
      report(event);
    });
    const detach = () => {
      making.stop();
      told.set(camera, { ...making.told(), untilMs: performance.now() + rememberedMs });
    };
    const release = () => {
      detach();
      making.leave();
    };
    return { release, detach };
  };
}

/** Has one ladder made until it is stopped or ends; its end is told once. */
function make(
  input: LadderInput,
  relay: FedRelay,
  options: LadderOptions,
  before: Told | undefined,
  report: (event: LadderReport) => void,
) {
  // A ladder that was begun by an older program was not told of key frames.
  const { camera, rungs, audio, fps, gopMs = 2_000, stalledMs } = input;
  const { mostMemoryBytes = MOST_MEMORY_BYTES, rememberedMs = REMEMBERED_MS } = options;
  const folder = path.join(options.folder, camera);
  const pieces = path.join(folder, PIECES);
  const startedMs = Date.now();
  const targetS = targetOf(commonKeysMs({ gopMs, rungs }), audio ? PIECE_S.sound : 0);
  const segments = joinSegments({
    ...{ pieces, folder, startedMs, rungs: rungs.map(({ name }) => name) },
    // Who has heard something looks for it on, and would show no picture without it.
    audio: audio || before?.sound ? { name: AUDIO, made: audio } : undefined,
    told: { targetS: Math.max(targetS, before?.targetS ?? 0), sound: before?.sound },
  });
  const began = performance.now();
  const heard = lastWords();
  const encoded = rungs.filter(({ how }) => how === 'encoded').map(({ name }) => name);
  const lateness = watchLateness();
  const published = encoded.map((name) => rungPath(camera, name));
  let run: FfmpegRun | undefined;
  let start: ProgramStart | undefined;
  let over = false;
  let flowing = false;
  /** When its first picture was the camera's newest. */
  let departedAt: number | undefined;
  let movedAt = began;
  let looking: NodeJS.Timeout | undefined;

  const stop = () => {
    if (!over) run?.kill();
    over = true;
    clearInterval(looking);
    start?.close();
    if (flowing) options.gives?.(camera, relay.paths.relay, []);
    flowing = false;
    fed.drop();
  };
  /** The files stay for a while: a player that is a few seconds behind goes on until the next start takes over. */
  const leave = () => {
    const leftMs = Date.now();
    dropPieces(folder);
    sweepLater(rememberedMs, () => sweepAll(folder, leftMs));
  };
  const end = (event: Ended) => {
    if (over) return;
    stop();
    report(event);
  };
  const endFor = (reason: Reason, detail: string) => end({ type: 'ladder.ended', reason, detail });

  const fed = feedPaths(options, relay, published, (detail) => endFor('relay', detail));

  const begin = () => {
    dropPieces(folder);
    mkdirSync(pieces, { recursive: true });
    start = options.startOf?.(camera, relay.paths.relay);
    run = runFfmpeg({
      program: options.ffmpeg,
      ...{ inputFormat: 'concat', inputOptions: ['-v error', ...INPUT_OPTIONS], folder },
      also: ladderOutput({
        rungs,
        audio,
        fps,
        gopMs,
        startedMs,
        socket: (rung) => fed.socketOf(rungPath(camera, rung)),
      }),
      ...{ outputFormat: PACKETS_FORMAT, outputOptions: PACKETS_OPTIONS },
      onOutput() {
        movedAt = performance.now();
      },
      onLine: heard.add,
      onEnd: (detail) => end({ type: 'ladder.ended', ...endedBy(heard, detail) }),
    });
    run.write(Buffer.from(inputList(start?.url ?? relay.urlOf(camera))));
    run.end();
    void start?.sendOff().then((isOff) => {
      if (isOff) departedAt = performance.now();
    });
  };

  const awaitSockets = () => {
    if (fed.areAwaited()) {
      clearInterval(looking);
      looking = setInterval(look, LOOK_EVERY_MS);
      return begin();
    }
    if (performance.now() - began > SOCKETS_WITHIN_MS)
      endFor('relay', `the relay opened no socket within ${SOCKETS_WITHIN_MS} ms`);
  };
  const look = () => {
    if (!run) return;
    const atMs = performance.now();
    run.yieldToOthers(options.yields?.(camera) ?? false);
    try {
      segments.join();
    } catch (error) {
      return endFor('disk', (error as Error).message);
    }
    if (!flowing && segments.isFlowing()) {
      flowing = true;
      sweepPlaylists(folder, startedMs);
      sweepLater(rememberedMs, () => sweepMedia(folder, startedMs));
      options.gives?.(camera, relay.paths.relay, encoded);
      report({ type: 'ladder.flowing', elapsed_ms: Math.round(atMs - began) });
    }
    const reach = segments.reach(encoded);
    const told = reach && lateness({ fromMs: reach.fromS * 1_000, toMs: reach.toS * 1_000 }, atMs, departedAt);
    if (flowing && told) report(told);
    fed.keepShared();
    const memory = run.memoryBytes() ?? 0;
    if (memory > mostMemoryBytes) return endFor('memory', `${Math.round(memory / 2 ** 20)} MB`);
    if (!flowing && atMs - began > FIRST_MS) return endFor('stalled', `no segment within ${FIRST_MS} ms`);
    if (flowing && atMs - movedAt > stalledMs) return endFor('stalled', `nothing for ${Math.round(atMs - movedAt)} ms`);
  };
  looking = setInterval(awaitSockets, AWAITED_EVERY_MS);
  return { stop, leave, told: segments.told };
}
