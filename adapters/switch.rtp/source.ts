import type { RtspFailure } from '../rtsp/failure.ts';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { approach } from './approach.ts';
import type { Gop } from './gop.ts';
import { openPlayer } from './player.ts';
import { type Punctuality, watchPunctuality } from './punctuality.ts';
import { createReading } from './reading.ts';
import { payloadOf, timestampOf } from './rtp.ts';
import { watchSilence } from './silence.ts';
import type { SourceTold } from './talk.ts';
import { createTimebase } from './timebase.ts';
import type { Sight } from './video.ts';

/** How a source stands, as it is told. */
export type SourceStanding = Omit<SourceTold, 'type' | 'camera' | 'source'>;

/** What to do as a source comes in. */
export interface SourceHandlers {
  standing(standing: SourceStanding): void;
  /** It was opened (again): what follows has nothing to do with what came before. */
  tracks(tracks: MediaTrack[]): void;
  /** The next packet, which begins a key frame, and all after it come from another place: their numbers are others. */
  moved(): void;
  /** A packet; `sight` comes with video. The frame is the taker's own. */
  packet(track: number, frame: Buffer, sight: Sight | undefined, atMs: number): void;
  batch(): void;
  /** Its next picture is overdue, though it may still come. Told once, until a packet comes. */
  late(): void;
}

/** A source of a camera at its intake relay, read for as long as it is kept. */
export interface Source {
  readonly id: string;
  standing(): SourceStanding;
  /** What it carries; empty until it was opened. */
  tracks(): MediaTrack[];
  /** What it has sent since its last key frame. */
  readonly gop: Gop;
  /** Whether packets of its video come, but nothing can be made of them. */
  isUnreadable(): boolean;
  readonly punctuality: Pick<Punctuality, 'isFresh' | 'isLate' | 'overdueMs' | 'mostOverdueMs'>;
  lastPacketAtMs(): number;
  /** When its newest picture would have come without delay. */
  newestAtMs(): number;
  /**
   * A new token, another patience with silence; tries at once if it is not open. At another relay it is opened beside
   * the picture that is there, which it replaces at its next key frame.
   */
  adjust(address: string, silentMs: number): void;
  close(): void;
}

/** Between attempts: quick at first, since most outages are restarts; a quarter of a second after. */
const RETRY_MS = 100;
const LATER_RETRY_MS = 250;
const QUICK_ATTEMPTS = 50;
/** A source that was never there is `opening` for so long, then `ended`. */
const OPENING_PATIENCE_MS = 3_000;
/**
 * Many cameras and encoders stutter as they begin: until it has shown how often it sends, only so much is silence. For
 * another source that is on time it is left as any silent one is.
 */
const BEGINNING_MS = 3_000;

const now = () => performance.now();

/** Keeps a source open: connects, retries, and tells when it flows, falls silent or ends. */
export function keepSource(id: string, address: string, silentMs: number, handlers: SourceHandlers): Source {
  let url = address;
  let patienceMs = silentMs;
  let standing: SourceStanding = { state: 'opening' };
  let player: { close(): void } | undefined;
  let connecting = false;
  /** Where it will come from, once that has a key frame. */
  let coming: { close(): void } | undefined;
  let place = 0;
  let closed = false;
  let attempts = 0;
  let retryTimer: NodeJS.Timeout | undefined;
  let tracks: MediaTrack[] = [];
  let codec = '';
  const openedAt = now();
  const reading = createReading();
  const { gop } = reading;
  const timebase = createTimebase();
  const punctuality = watchPunctuality(handlers.late, () => patienceMs);

  const become = (next: SourceStanding) => {
    standing = next;
    handlers.standing(next);
  };

  const flow = () => {
    const size = reading.size();
    const same = standing.state === 'flowing' && standing.width === size?.width && standing.height === size?.height;
    if (!same) become({ state: 'flowing', codec, ...size });
  };

  const silence = watchSilence({
    limitMs: () => {
      const begins = !punctuality.isKnown() && now() - punctuality.lastPacketAtMs() < BEGINNING_MS;
      return begins ? undefined : patienceMs;
    },
    lastPacketAtMs: punctuality.lastPacketAtMs,
    silent(silenceMs) {
      const silent = { state: 'silent', silent_ms: Math.round(silenceMs), codec } as const;
      const detail = reading.obstacle();
      if (detail !== undefined) become({ ...silent, reason: 'unreadable', detail });
      else if (standing.state === 'flowing') become(silent);
    },
  });

  const take = (track: number, frame: Buffer) => {
    const atMs = now();
    if (track !== 0) {
      if (payloadOf(frame)) handlers.packet(track, frame, undefined, atMs);
      return;
    }
    const sight = reading.take(frame, atMs);
    if (sight) see(track, frame, sight, atMs);
    else if (standing.reason !== 'unreadable') silence.keep();
  };
  const see = (track: number, frame: Buffer, sight: Sight, atMs: number) => {
    punctuality.seen(atMs);
    if (sight.newUnit) timebase.seen(timestampOf(frame), atMs);
    if (standing.state !== 'flowing' || sight.keyStart) flow();
    silence.keep();
    handlers.packet(track, frame, sight, atMs);
  };

  const fail = (failure: RtspFailure) => {
    if (closed) return;
    player = undefined;
    connecting = false;
    stopComing();
    silence.stop();
    punctuality.stop();
    gop.clear();
    const detail = failure.message;
    const reason = failure.code === 'no-video' ? { reason: failure.code } : {};
    const patient = standing.state === 'opening' && now() - openedAt < OPENING_PATIENCE_MS;
    if (patient) standing = { state: 'opening', detail };
    else if (standing.state !== 'ended' || standing.reason !== reason.reason)
      become({ state: 'ended', detail, ...reason });
    attempts += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, attempts < QUICK_ATTEMPTS ? RETRY_MS : LATER_RETRY_MS);
  };

  const connect = () => {
    clearTimeout(retryTimer);
    if (closed || connecting || player) return;
    connecting = true;
    const mine = place;
    const isMine = () => mine === place;
    openPlayer(url, {
      tracks(offered) {
        if (!isMine()) return;
        const first = offered[0];
        if (!first || !reading.begin(first)) return;
        codec = first.encoding;
        tracks = offered;
        punctuality.reset();
        timebase.reset();
        handlers.tracks(offered);
      },
      packet: (track, frame) => isMine() && take(track, frame),
      batch: handlers.batch,
      end: (failure) => isMine() && fail(failure),
    }).then(
      (opened) => {
        if (closed || !isMine()) return opened.close();
        connecting = false;
        attempts = 0;
        player = opened;
      },
      (failure: RtspFailure) => isMine() && fail(failure),
    );
  };

  const stopComing = () => {
    coming?.close();
    coming = undefined;
  };
  /** It is to be had at another relay, and its picture is here: that goes on until the other one has a key frame. */
  const approachAt = (address: string) => {
    stopComing();
    const other = approach(address, {
      arrived({ tracks: offered, video: reader, frame, sight }) {
        const atMs = now();
        place += 1;
        player?.close();
        player = other;
        coming = undefined;
        [tracks, codec] = [offered, offered[0]?.encoding ?? codec];
        timebase.reset();
        handlers.moved();
        reading.goOn(reader, frame, sight, atMs);
        see(0, frame, sight, atMs);
      },
      packet: take,
      batch: handlers.batch,
      end: (failure) => player === other && fail(failure),
    });
    coming = other;
  };
  /** It is to be had at another relay now: what was opened, or is being opened, at the one before counts no more. */
  const leave = () => {
    stopComing();
    place += 1;
    player?.close();
    player = undefined;
    connecting = false;
    attempts = 0;
    if (standing.state !== 'opening') become({ state: 'ended', detail: 'another intake pulls it now' });
  };

  connect();
  return {
    id,
    gop,
    isUnreadable: () => reading.obstacle() !== undefined,
    standing: () => standing,
    tracks: () => tracks,
    lastPacketAtMs: punctuality.lastPacketAtMs,
    newestAtMs: () => timebase.newestAtMs() ?? now(),
    punctuality,
    adjust(nextAddress, nextSilentMs) {
      if (new URL(nextAddress).host !== new URL(url).host) {
        if (player && standing.state === 'flowing') approachAt(nextAddress);
        else leave();
      }
      url = nextAddress;
      if (nextSilentMs !== patienceMs) {
        patienceMs = nextSilentMs;
        silence.stop();
        if (standing.state === 'flowing') silence.keep();
      }
      connect();
    },
    close() {
      closed = true;
      clearTimeout(retryTimer);
      silence.stop();
      punctuality.stop();
      stopComing();
      player?.close();
    },
  };
}
