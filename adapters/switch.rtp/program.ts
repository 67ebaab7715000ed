import type { Measured } from '../../bus/events/rendition.ts';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { watchDelay } from './delay.ts';
import { keepDepartures } from './departures.ts';
import { createFeed, type Feed } from './feed.ts';
import { type KeptConnections, withoutToken } from './kept-connections.ts';
import { createKeyFrameCollector, type KeyFrameCollector } from './key-frame.ts';
import { createMeasure } from './measure.ts';
import { createMeter } from './meter.ts';
import type { PictureSize } from './nal.ts';
import { keepOutputs } from './outputs.ts';
import { keepPace } from './pace.ts';
import { markerOf, RTP_OVERHEAD_BYTES } from './rtp.ts';
import { keepRungs } from './rungs.ts';
import { keepSource, type Source } from './source.ts';
import { tellStandings } from './source-standings.ts';
import { createStream, type Start, type Stream } from './stream.ts';
import type {
  CarryOrder,
  DelayTold,
  DepartOrder,
  DeparturesOrder,
  DeparturesTold,
  HoldingTold,
  OutputTold,
  Rate,
  SourceTold,
  SwitchedTold,
} from './talk.ts';
import type { Sight } from './video.ts';

/** How a program and its parts stand, as it is told. */
export type ProgramTold = SourceTold | OutputTold | SwitchedTold | HoldingTold | DeparturesTold | DelayTold;

/** What a program tells as it happens. */
export interface ProgramHandlers {
  told(message: ProgramTold): void;
  keyFrame(source: string, codec: string, annexB: Buffer): void;
}

/** One camera's program: read from its sources, published without a break to every relay that needs it. */
export interface Program {
  /** Makes it what the order says. What stays the same goes on undisturbed. */
  adjust(order: CarryOrder): void;
  /** Keeps exactly these departure paths. */
  departures(wanted: DeparturesOrder['items']): void;
  /** @param rung with this one, instead of the program, where it has a picture */
  depart(id: string, rung?: DepartOrder['rung']): void;
  /** How everything stands now, and which source feeds it since when. */
  standings(): ProgramTold[];
  rate(atMs: number): Rate;
  /** What it carries, as far as its present source has shown; undefined while that is too little. */
  measured(): Measured | undefined;
  /** Sender reports for everything that was sent; also keeps the relays from giving up on a silent camera. */
  report(atMs: number, wallMs: number): void;
  close(): void;
}

const now = () => performance.now();

/** Cameras that have sound send some each few hundredths of a second. */
const MUTE_MS = 500;

/** Feeds one camera's program path until closed. */
export function keepProgram(first: CarryOrder, handlers: ProgramHandlers, kept: KeptConnections): Program {
  const { camera } = first;
  const sources = new Map<string, Source>();
  const meter = createMeter(now());
  const measure = createMeasure();
  const delay = watchDelay((late_ms) => handlers.told({ type: 'delay', camera, late_ms }));
  let order = first;
  let stream: Stream | undefined;
  let collector: KeyFrameCollector | undefined;
  /** When what feeds the program was heard last. */
  let heardAtMs = Number.NEGATIVE_INFINITY;

  const published = () => stream?.tracks;
  const outputs = keepOutputs(camera, published, handlers.told, kept);
  const departures = keepDepartures(camera, first.name, published, (told) => handlers.told(startable(told)), kept);
  const rungs = keepRungs(
    departures,
    (tracks) => stream?.fits(tracks) ?? false,
    () => beginning(),
    () => handlers.told(startable(departures.standing())),
  );

  const flush = () => {
    outputs.flush();
    departures.flush();
  };
  const sink = keepPace({ video: outputs.writeVideo, other: outputs.write }, flush);

  const carry = (tracks: MediaTrack[]) => {
    stream = createStream(camera, tracks, sink);
  };
  const publish = (tracks: MediaTrack[]) => {
    carry(tracks);
    outputs.publish(tracks);
    departures.publish(tracks);
  };
  /** A packet of whatever feeds the program, for everybody. The program's own rewriting comes last. */
  const sendVideo = (frame: Buffer, start: Start, atMs: number) => {
    departures.video(frame, start, atMs);
    stream?.video(frame, start, atMs);
  };

  const feed: Feed = createFeed({
    camera,
    sources,
    published,
    fits: (source) => stream?.fits(source.tracks()) ?? false,
    publish,
    begin(tracks, stored, newestAtMs) {
      const pictures = stream?.begin(tracks, stored, newestAtMs) ?? 0;
      departures.begin(tracks, stored, newestAtMs);
      flush();
      return pictures;
    },
    show(packets, key, atMs) {
      for (const [index, { frame }] of packets.entries())
        sendVideo(frame, { keyStart: key && index === 0, missingSets: [] }, atMs);
      flush();
    },
    told(message) {
      const source = message.type === 'switched' ? sources.get(message.source) : undefined;
      const codec = source?.tracks()[0]?.encoding ?? '';
      if (source) collector = createKeyFrameCollector((annexB) => handlers.keyFrame(source.id, codec, annexB));
      measure.reset();
      delay.reset();
      handlers.told(message);
      for (const one of sources.values()) standings.tell(one);
      const departing = departures.standing();
      if (departing.known.length > 0) handlers.told(startable(departing));
    },
  });

  /** What feeds the program, where a departure path can begin with what is stored of it. */
  const beginning = (): Source | undefined => {
    const source = sources.get(feed.on());
    return source?.gop.ready() && !source.gop.isLong() ? source : undefined;
  };
  /** Nobody is sent to a departure path while there is nothing that he could be sent. */
  const startable = (told: DeparturesTold): DeparturesTold =>
    beginning() ? { ...told, rungs: rungs.ready() } : { ...told, ready: [] };

  const standings = tellStandings({ camera, on: feed.on, stream: () => stream, told: handlers.told });

  const sizeOf = (source: Source): PictureSize | undefined => {
    const { width, height } = source.standing();
    return width && height ? { width, height } : undefined;
  };

  const videoPacket = (source: Source, frame: Buffer, sight: Sight, atMs: number) => {
    standings.seen(source, sight.keyStart);
    const sent = feed.takes(source, sight, atMs);
    if (feed.on() !== source.id) return;
    meter.count(frame.length - RTP_OVERHEAD_BYTES, sight);
    measure.see(frame, sight, sizeOf(source));
    if (sight.newUnit) delay.seen(atMs - source.newestAtMs(), atMs);
    // Before the rewriting: the marker stays, but key frames are gathered from the payload that it shares.
    if (order.keyframes) collector?.see(sight, markerOf(frame), atMs);
    if (sent) sendVideo(frame, sight, atMs);
  };

  const openSource = (id: string, url: string): Source => {
    const source: Source = keepSource(id, url, order.silent_ms, {
      standing() {
        standings.tell(source);
        feed.stands(source);
      },
      tracks: () => feed.opened(source),
      moved: () => feed.moved(source),
      packet(_track, frame, sight, atMs) {
        if (sight) return videoPacket(source, frame, sight, atMs);
        if (feed.on() !== id) return;
        meter.count(frame.length - RTP_OVERHEAD_BYTES, undefined);
        heardAtMs = atMs;
        departures.audio(frame, atMs);
        stream?.audio(frame, atMs);
      },
      batch: () => feed.on() === id && flush(),
      late: () => feed.late(source),
    });
    return source;
  };

  const adjustSources = () => {
    for (const [id, source] of sources) {
      if (order.sources.some((wanted) => wanted.id === id)) continue;
      source.close();
      sources.delete(id);
      standings.forget(id);
    }
    for (const { id, url } of order.sources) {
      const present = sources.get(id);
      if (present) present.adjust(url, order.silent_ms);
      else sources.set(id, openSource(id, url));
    }
  };

  const adjust = (next: CarryOrder) => {
    order = next;
    outputs.adjust(next);
    adjustSources();
    rungs.adjust(next);
    feed.choose(next);
  };
  // What the process before this one published goes on, whatever source is there first.
  const before = kept.left().find(({ address }) => first.outputs.some(({ url }) => withoutToken(url) === address));
  if (before) carry(before.tracks);
  adjust(first);

  return {
    adjust,
    standings() {
      const told: ProgramTold[] = outputs.standings();
      for (const source of sources.values()) told.push(standings.of(source));
      const last = feed.last();
      return [...told, ...(last ? [last] : []), startable(departures.standing())];
    },
    departures: departures.adjust,
    depart(id, rung) {
      // Any picture is better than none.
      if (rung && rungs.depart(id, rung)) return;
      const source = sources.get(feed.on());
      departures.depart(id, source?.tracks() ?? [], source?.gop.packets() ?? [], source?.newestAtMs() ?? now());
    },
    rate: (atMs) => ({ camera, ...meter.read(atMs) }),
    measured() {
      const video = measure.video();
      const [{ encoding } = { encoding: '' }, audio] = stream?.tracks ?? [];
      // A track that the source before had may stay mute: FFmpeg would wait for its first packet for ever.
      const sounds = audio !== undefined && now() - heardAtMs < MUTE_MS;
      return video && { codec: encoding.toLowerCase(), ...video, audio: sounds };
    },
    report(atMs, wallMs) {
      stream?.report(atMs, wallMs);
      departures.report(atMs, wallMs);
      flush();
    },
    close() {
      feed.close();
      sink.close();
      rungs.close();
      departures.close();
      for (const source of sources.values()) source.close();
      outputs.close();
    },
  };
}
