import type { OpusInput, OpusReport, OpusSlot } from '../machines/slots.ts';
import { type FfmpegRun, lastWords, runFfmpeg } from './ffmpeg.ts';
import { INPUT_OPTIONS, inputList, PACKETS_FORMAT } from './ladder.ffmpeg/arguments.ts';
import { endedBy } from './ladder.ffmpeg/ended.ts';
import { type FedRelay, type Feeding, feedPaths, SOCKETS_WITHIN_MS, takeTurns } from './mediamtx/fed-paths.ts';

/** What the opus slot needs from the place where it is made. */
export interface OpusOptions extends Feeding {
  /** Path of FFmpeg. */
  ffmpeg: string;
  /** An FFmpeg that holds more leaks; by default a quarter of a gigabyte, many times what a sound needs. */
  mostMemoryBytes?: number;
}

type Ended = Extract<OpusReport, { type: 'opus.ended' }>;

const BITRATE_BPS = 64_000;
const MOST_MEMORY_BYTES = 2 ** 28;
const LOOK_EVERY_MS = 50;
/** A sound that is announced must bring its first packet within this time. */
const FIRST_MS = 6_000;

/** The path of a camera's sound at the relays. */
export const soundPath = (camera: string): string => `${camera}/sound`;

/** The program without its pictures. @param url holds a token, so it goes in on standard input */
const soundOf = (url: string): string => `${inputList(url)}option allowed_media_types audio\n`;

/** Opus as WebRTC carries it (RFC 7587), packet by packet: waiting for more of them would only make it late. */
const opusTo = (socket: string) => ({
  format: 'mpegts',
  options: [
    ...['-map 0:a:0', '-c:a libopus', `-b:a ${BITRATE_BPS}`, '-ar 48000', '-ac 2'],
    ...['-application lowdelay', '-frame_duration 20', '-pes_payload_size 0'],
    ...['-flush_packets 1', '-muxdelay 0', '-muxpreload 0'],
  ],
  target: `unix:${socket}`,
});

/** What FFmpeg says where a program has no sound: the relay has nothing to play then. */
const NONE = /PLAY failed: 501|matches no streams/;

/** Makes the opus slot: one FFmpeg a camera that reads nothing but its sound. */
export function createOpus(options: OpusOptions): OpusSlot {
  const turns = takeTurns(options);
  return (input, report) => {
    const making = make(input, turns.relayFor(input.camera), options, (event) => {
      if (event.type === 'opus.ended' && ['source', 'relay'].includes(event.reason)) turns.passOn(input.camera);
      report(event);
    });
    return { release: making.stop, detach: making.stop };
  };
}

/** Has one sound made until it is stopped or ends; its end is told once. */
function make(input: OpusInput, relay: FedRelay, options: OpusOptions, report: (event: OpusReport) => void) {
  const { camera, stalledMs } = input;
  const { mostMemoryBytes = MOST_MEMORY_BYTES } = options;
  const began = performance.now();
  const words = lastWords();
  const name = soundPath(camera);
  let run: FfmpegRun | undefined;
  let over = false;
  let movedAt: number | undefined;

  const stop = () => {
    if (!over) run?.kill();
    over = true;
    clearInterval(looking);
    fed.drop();
  };
  const end = (reason: Ended['reason'], detail: string) => {
    if (over) return;
    stop();
    report({ type: 'opus.ended', reason, detail });
  };
  const fed = feedPaths(options, relay, [name], (detail) => end('relay', detail));

  const hear = (text: string) => {
    // Lines of `framecrc` that begin with a number are packets.
    if (!/^\d/m.test(text)) return;
    if (movedAt === undefined) report({ type: 'opus.flowing', elapsed_ms: Math.round(performance.now() - began) });
    movedAt = performance.now();
  };
  const begin = () => {
    run = runFfmpeg({
      program: options.ffmpeg,
      ...{ inputFormat: 'concat', inputOptions: ['-v warning', ...INPUT_OPTIONS] },
      also: opusTo(fed.socketOf(name)),
      ...{ outputFormat: PACKETS_FORMAT, outputOptions: ['-map 0:a:0', '-c copy', '-flush_packets 1'] },
      onOutput: (chunk) => hear(chunk.toString('latin1')),
      onLine: words.add,
      onEnd(detail) {
        const { reason, detail: said } = endedBy(words, detail);
        if (movedAt === undefined && NONE.test(said)) return end('none', said);
        end(reason === 'disk' ? 'exited' : reason, said);
      },
    });
    run.write(Buffer.from(soundOf(relay.urlOf(camera))));
    run.end();
  };
  const look = () => {
    const atMs = performance.now();
    if (!run) {
      if (fed.areAwaited()) return begin();
      if (atMs - began > SOCKETS_WITHIN_MS) end('relay', `the relay opened no socket within ${SOCKETS_WITHIN_MS} ms`);
      return;
    }
    fed.keepShared();
    const memory = run.memoryBytes() ?? 0;
    if (memory > mostMemoryBytes) return end('memory', `${Math.round(memory / 2 ** 20)} MB`);
    if (movedAt === undefined && atMs - began > FIRST_MS) return end('silent', `nothing of it within ${FIRST_MS} ms`);
    if (movedAt !== undefined && atMs - movedAt > stalledMs) {
      return end('stalled', `nothing for ${Math.round(atMs - movedAt)} ms`);
    }
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  return { stop };
}
