import { formatParameter, type MediaTrack } from '../rtsp/sdp.ts';
import { createKeyFrameCollector, type KeyFrameCollector } from './key-frame.ts';
import { createMeter } from './meter.ts';
import { keepOutput, type Output } from './output.ts';
import { markerOf, RTP_OVERHEAD_BYTES } from './rtp.ts';
import { keepSource, type Source } from './source.ts';
import type { CarryOrder, OutputTold, Rate, SourceTold } from './talk.ts';
import { createTrackWriter, type TrackWriter } from './track.ts';
import type { Sight } from './video.ts';

/** What a program tells as it happens. */
export interface ProgramHandlers {
  told(message: SourceTold | OutputTold): void;
  keyFrame(source: string, codec: string, annexB: Buffer): void;
}

/** One camera's program: read from its source, published without a break to every relay that needs it. */
export interface Program {
  /** Makes it what the order says. What stays the same goes on undisturbed. */
  adjust(order: CarryOrder): void;
  /** How everything stands now. */
  standings(): (SourceTold | OutputTold)[];
  rate(atMs: number): Rate;
  /** Sender reports for everything that was sent; also keeps the relays from giving up on a silent camera. */
  report(atMs: number, wallMs: number): void;
  close(): void;
}

const now = () => performance.now();

/** What readers of a track must know beforehand; parameter sets may change in band, so they don't count. */
const essence = (track: MediaTrack) =>
  track.media === 'video'
    ? [track.encoding, track.clockRate, formatParameter(track, 'packetization-mode')]
    : [track.encoding, track.clockRate, track.channels, track.format];

const sameTracks = (some: MediaTrack[], others: MediaTrack[]) =>
  JSON.stringify(some.map(essence)) === JSON.stringify(others.map(essence));

/** Feeds one camera's program path until closed. */
export function keepProgram(first: CarryOrder, handlers: ProgramHandlers): Program {
  const { camera } = first;
  const startMs = now();
  const outputs = new Map<string, Output>();
  const meter = createMeter(startMs);
  let order = first;
  let published: MediaTrack[] = [];
  let writers: TrackWriter[] = [];
  let source: Source | undefined;
  let collector: KeyFrameCollector | undefined;
  /** A source that was just opened starts with a key frame; what comes before it can't be shown. */
  let awaitingKey = true;

  const opened = (sourceId: string, tracks: MediaTrack[]) => {
    const codec = tracks[0]?.encoding ?? '';
    collector = createKeyFrameCollector((annexB) => handlers.keyFrame(sourceId, codec, annexB));
    awaitingKey = true;
    if (sameTracks(tracks, published)) {
      for (const writer of writers) writer.restart();
      return;
    }
    published = tracks;
    writers = tracks.map((track, index) => createTrackWriter(index, track, startMs));
    for (const output of outputs.values()) output.publish(tracks);
  };

  const videoPacket = (writer: TrackWriter, frame: Buffer, sight: Sight, atMs: number) => {
    // Before the rewriting: the marker stays, but key frames are gathered from the payload that it shares.
    if (order.keyframes) collector?.see(sight, markerOf(frame), atMs);
    let { keyStart } = sight;
    if (awaitingKey && !keyStart) return;
    awaitingKey = false;
    for (const set of sight.missingSets) {
      const inserted = writer.insertBefore(frame, set, atMs);
      for (const output of outputs.values()) output.writeVideo(inserted, keyStart);
      keyStart = false;
    }
    writer.rewrite(frame, atMs);
    for (const output of outputs.values()) output.writeVideo(frame, keyStart);
  };

  const openSource = ({ id, url }: CarryOrder['sources'][number]) =>
    keepSource(id, url, order.silent_ms, {
      standing: (standing) => handlers.told({ type: 'source', camera, source: id, ...standing }),
      tracks: (tracks) => opened(id, tracks),
      packet(track, frame, sight, atMs) {
        const writer = writers[track];
        if (!writer) return;
        meter.count(frame.length - RTP_OVERHEAD_BYTES, sight);
        if (sight) return videoPacket(writer, frame, sight, atMs);
        writer.rewrite(frame, atMs);
        for (const output of outputs.values()) output.write(frame);
      },
      batch() {
        for (const output of outputs.values()) output.flush();
      },
    });

  const adjustOutputs = () => {
    for (const [relay, output] of outputs) {
      if (order.outputs.some((wanted) => wanted.relay === relay)) continue;
      output.close();
      outputs.delete(relay);
    }
    for (const { relay, url } of order.outputs) {
      const present = outputs.get(relay);
      if (present) {
        present.adjust(url);
        continue;
      }
      const output = keepOutput(relay, order.name, url, (standing) =>
        handlers.told({ type: 'output', camera, relay, ...standing }),
      );
      outputs.set(relay, output);
      if (published.length > 0) output.publish(published);
    }
  };

  const adjust = (next: CarryOrder) => {
    order = next;
    adjustOutputs();
    // One source feeds the program: the preferred one.
    const preferred = next.sources[0];
    if (!preferred) return;
    if (source?.id === preferred.id) return source.adjust(preferred.url, next.silent_ms);
    source?.close();
    source = openSource(preferred);
  };
  adjust(first);

  return {
    adjust,
    standings() {
      const told: (SourceTold | OutputTold)[] = [];
      for (const [relay, output] of outputs) {
        const standing = output.standing();
        if (standing) told.push({ type: 'output', camera, relay, ...standing });
      }
      if (source) told.push({ type: 'source', camera, source: source.id, ...source.standing() });
      return told;
    },
    rate: (atMs) => ({ camera, ...meter.read(atMs) }),
    report(atMs, wallMs) {
      for (const writer of writers) {
        const report = writer.report(atMs, wallMs);
        if (report) for (const output of outputs.values()) output.write(report);
      }
      for (const output of outputs.values()) output.flush();
    },
    close() {
      source?.close();
      for (const output of outputs.values()) output.close();
    },
  };
}
