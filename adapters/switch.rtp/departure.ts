import type { MediaTrack } from '../rtsp/sdp.ts';
import type { StoredPacket } from './gop.ts';
import { type KeptConnections, type Publication, withoutToken } from './kept-connections.ts';
import { keepOutput, type OutputStanding } from './output.ts';
import { keepPace } from './pace.ts';
import { createStream, type Start, type Stream } from './stream.ts';
import type { DepartOrder } from './talk.ts';

/** What the program says to a departure path that goes with it. Frames are the program's own and are not changed. */
export interface Departure {
  readonly relay: string;
  /** The rung that it carries; undefined: the program. */
  rung(): string | undefined;
  /** The rung that it is for, while it carries the program for want of that. */
  lacks(): string | undefined;
  /** Its path is there, and nobody has departed on it yet. */
  isReady(): boolean;
  /** Its reader is connected: sends the stored packets, and goes on live. @param rung of this one, at this pace */
  depart(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number, rung?: DepartOrder['rung']): void;
  /**
   * Goes over to its rung, or, for a while and as far as its line takes that, to the program; begins with what is stored.
   */
  goOver(to: 'rung' | 'program', tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): void;
  publish(tracks: MediaTrack[]): void;
  begin(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): void;
  video(frame: Buffer, start: Start, atMs: number): void;
  audio(frame: Buffer, atMs: number): void;
  report(atMs: number, wallMs: number): void;
  flush(): void;
  close(): void;
}

/** Where a departure path is published, and who hears of it. */
export interface DepartureParts {
  relay: string;
  name: string;
  url: string;
  kept: KeptConnections;
  /** Somebody is on it already, as the process before this one published it. */
  before?: Publication;
  /** It is ready, or not ready any more. */
  changed(): void;
  /** Its publisher ended after it had departed: it is over. */
  gone(): void;
}

/** A gateway that is started again has its ladders again by then. */
const LACKS_FOR_MS = 10_000;

/** Keeps a silent path ready; after its departure it follows the program, or a rung, with numbers of its own. */
export function keepDeparture(parts: DepartureParts): Departure {
  let departed = parts.before !== undefined;
  let rung = parts.before?.departed?.rung;
  const lack = () => setTimeout(parts.gone, LACKS_FOR_MS);
  /** Runs while it lacks its rung. */
  let lacking = rung ? lack() : undefined;
  let stream: Stream | undefined;
  const standing = ({ state }: OutputStanding) => {
    if (departed && state === 'down') parts.gone();
    else parts.changed();
  };
  const output = keepOutput(parts.relay, parts.name, parts.url, standing, parts.kept);
  const pace = keepPace(
    { video: (frame, keyStart) => output.writeVideo(frame, keyStart), other: (frame) => output.write(frame) },
    () => output.flush(),
  );

  const open = (tracks: MediaTrack[]) => {
    stream = createStream(withoutToken(parts.url), tracks, pace);
    output.publish(tracks);
  };
  if (rung) pace.easeIn(rung.bps);
  if (parts.before) open(parts.before.tracks);

  const begin: Departure['begin'] = (tracks, stored, newestAtMs) => {
    if (!departed) return;
    stream?.begin(tracks, stored, newestAtMs);
    output.flush();
  };

  return {
    relay: parts.relay,
    rung: () => (lacking ? undefined : rung?.name),
    lacks: () => (lacking ? rung?.name : undefined),
    isReady: () => !departed && output.standing()?.state === 'up',
    depart(tracks, stored, newestAtMs, of) {
      if (departed) return;
      departed = true;
      rung = of;
      if (of) pace.easeIn(of.bps);
      output.departs({ relay: parts.relay, ...(of ? { rung: of } : {}) });
      if (stored.length > 0) begin(tracks, stored, newestAtMs);
    },
    goOver(to, tracks, stored, newestAtMs) {
      clearTimeout(lacking);
      lacking = to === 'program' ? lack() : undefined;
      pace.forget();
      if (rung) pace.easeIn(rung.bps);
      begin(tracks, stored, newestAtMs);
    },
    publish(tracks) {
      // Its reader would be dropped either way.
      if (departed) return parts.gone();
      open(tracks);
    },
    begin,
    video(frame, start, atMs) {
      if (departed) stream?.video(Buffer.from(frame), start, atMs);
    },
    audio(frame, atMs) {
      if (departed) stream?.audio(Buffer.from(frame), atMs);
    },
    report(atMs, wallMs) {
      stream?.report(atMs, wallMs);
      output.flush();
    },
    flush: () => departed && output.flush(),
    close() {
      clearTimeout(lacking);
      pace.close();
      output.close();
    },
  };
}
