import { type FfmpegRun, lastWords, runFfmpeg } from '../ffmpeg.ts';
import { INPUT_OPTIONS, inputList } from '../ladder.ffmpeg/arguments.ts';
import { inSizes } from './halve.ts';
import { pacePictures } from './pace.ts';
import type { Peer } from './peer.ts';
import { createPictureCutter } from './y4m.ts';

/** The picture of one camera at one relay, decoded once for all peers that show it. */
export interface Decoder {
  /** Shows it to a peer from now on. */
  join(peer: Peer, url: string): void;
  leave(peer: Peer): void;
  /** Whether nobody looks. */
  isIdle(): boolean;
  /** Processor time of the decoder so far, in ms. */
  cpuMs(): number;
  close(): void;
}

/** The whole picture: what the smallest rung of a ladder shows, whatever the shape of the camera's own. */
const SCALE = 'scale=640:360:force_original_aspect_ratio=decrease:force_divisible_by=8,setsar=1,format=yuv420p';
/** The program opens on its description alone, and every picture comes out as soon as it is decoded. */
const EAGER = 'option probesize 32\noption analyzeduration 0\noption fflags nobuffer\n';
/** A decoder that shows nothing for so long is started anew. */
const HUNG_MS = 5_000;
const AGAIN_MS = 500;

/** Makes a decoder; it decodes while somebody looks. @param trouble told of a decoder that ended or hung */
export function createDecoder(ffmpeg: string, trouble: (detail: string) => void): Decoder {
  const peers = new Set<Peer>();
  let run: FfmpegRun | undefined;
  let again: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  /** Its newest address: tokens in older ones end. */
  let address = '';
  let pastCpuMs = 0;
  let movedAtMs = 0;

  const pace = pacePictures(
    (picture) => {
      const sized = inSizes(picture);
      for (const peer of peers) peer.show(sized, performance.now());
    },
    () => performance.now(),
    (callback, ms) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  );
  const stop = () => {
    pace.clear();
    clearTimeout(again);
    clearInterval(watch);
    pastCpuMs += run?.cpuMs() ?? 0;
    run?.kill();
    run = undefined;
  };
  const restart = (detail: string) => {
    trouble(detail);
    stop();
    if (peers.size > 0) again = setTimeout(start, AGAIN_MS);
  };
  const start = () => {
    const heard = lastWords();
    movedAtMs = performance.now();
    const cut = createPictureCutter((picture) => {
      movedAtMs = performance.now();
      pace.push(picture);
    });
    run = runFfmpeg({
      program: ffmpeg,
      inputFormat: 'concat',
      inputOptions: ['-v error', '-threads 1', '-flags low_delay', ...INPUT_OPTIONS],
      outputFormat: 'yuv4mpegpipe',
      outputOptions: ['-map 0:v:0', '-an', `-vf ${SCALE}`, '-fps_mode passthrough', '-threads 1', '-flush_packets 1'],
      onOutput(chunk) {
        try {
          cut(chunk);
        } catch (error) {
          // Another shape of picture in mid-stream: the next decoder begins with it.
          restart((error as Error).message);
        }
      },
      onLine: heard.add,
      onEnd: (detail) => restart(heard.said(detail)),
    });
    run.write(Buffer.from(inputList(address) + EAGER));
    run.end();
    watch = setInterval(() => {
      if (performance.now() - movedAtMs > HUNG_MS) restart(`no picture for ${HUNG_MS} ms`);
    }, HUNG_MS / 5);
  };

  return {
    join(peer, url) {
      address = url;
      peers.add(peer);
      if (peers.size === 1) start();
    },
    leave(peer) {
      peers.delete(peer);
      if (peers.size === 0) stop();
    },
    isIdle: () => peers.size === 0,
    cpuMs: () => pastCpuMs + (run?.cpuMs() ?? 0),
    close() {
      peers.clear();
      stop();
    },
  };
}
