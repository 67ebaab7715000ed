import type { RtspFailure } from '../rtsp/failure.ts';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { type KeptConnections, NOTHING_KEPT, type Publication } from './kept-connections.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import type { OutputTold } from './talk.ts';

/** How an output stands, as it is told; undefined while nothing is known yet. */
export type OutputStanding = Pick<OutputTold, 'state' | 'detail'>;

/** The program path at one delivery relay, published for as long as it is kept. */
export interface Output {
  readonly relay: string;
  standing(): OutputStanding | undefined;
  /** Publishes these tracks, anew when others were published before. */
  publish(tracks: MediaTrack[]): void;
  /** The first video that a connection gets starts with a key frame. @param keyStart the first packet of one */
  writeVideo(frame: Buffer, keyStart: boolean): void;
  /** Audio, and reports. */
  write(frame: Buffer): void;
  flush(): void;
  /** Somebody has departed on it: should this process end, the next one goes on with it. */
  departs(departed: Publication['departed']): void;
  /** A new token for the next connection; tries at once if it is not open. */
  adjust(address: string): void;
  close(): void;
}

const RETRY_MS = 100;
const LATER_RETRY_MS = 250;
const QUICK_ATTEMPTS = 50;
/** A relay that does not drain misses pictures rather than making us hold them: five seconds at 3 Mb/s. */
const MAX_BACKLOG_BYTES = 2 * 1024 * 1024;
const DRAINED_BYTES = 256 * 1024;
/** One that still does not after this long is connected anew. */
const MAX_CHOKED_MS = 3_000;

const now = () => performance.now();

/** Keeps a program path published: connects, retries, and tells when it is up or down. */
export function keepOutput(
  relay: string,
  name: string,
  address: string,
  told: (standing: OutputStanding) => void,
  kept: KeptConnections = NOTHING_KEPT,
): Output {
  let url = address;
  let wanted: MediaTrack[] | undefined;
  let publisher: Publisher | undefined;
  let standing: OutputStanding | undefined;
  let awaitingKey = true;
  let chokedAt: number | undefined;
  let attempts = 0;
  /** Counts connections, so that an attempt overtaken by a newer wish is dropped. */
  let run = 0;
  let connecting = false;
  let closed = false;
  let retryTimer: NodeJS.Timeout | undefined;

  const become = (next: OutputStanding) => {
    const same = standing?.state === next.state;
    standing = next;
    if (!same) told(next);
  };

  const fail = (failure: Pick<RtspFailure, 'message'>) => {
    if (closed) return;
    publisher = undefined;
    connecting = false;
    become({ state: 'down', detail: failure.message });
    attempts += 1;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, attempts < QUICK_ATTEMPTS ? RETRY_MS : LATER_RETRY_MS);
  };

  const connect = () => {
    clearTimeout(retryTimer);
    if (closed || connecting || publisher || !wanted) return;
    connecting = true;
    run += 1;
    const mine = run;
    openPublisher(url, name, wanted, (failure) => mine === run && fail(failure), kept).then(
      (opened) => {
        if (closed || mine !== run) return opened.close();
        connecting = false;
        publisher = opened;
        attempts = 0;
        awaitingKey = true;
        chokedAt = undefined;
        become({ state: 'up' });
      },
      (failure: RtspFailure) => mine === run && fail(failure),
    );
  };

  /** Whether the relay takes more now; past the bound it gets nothing until it has drained and a key frame comes. */
  const takes = (keyStart: boolean): boolean => {
    if (!publisher) return false;
    const backlog = publisher.backlogBytes();
    if (chokedAt === undefined) {
      if (backlog <= MAX_BACKLOG_BYTES) return true;
      chokedAt = now();
      return false;
    }
    if (backlog <= DRAINED_BYTES && keyStart) {
      chokedAt = undefined;
      return true;
    }
    if (backlog > DRAINED_BYTES && now() - chokedAt > MAX_CHOKED_MS) {
      publisher.close();
      fail({ message: `the relay has not taken the picture for ${MAX_CHOKED_MS} ms` });
    }
    return false;
  };

  return {
    relay,
    standing: () => standing,
    publish(tracks) {
      wanted = tracks;
      publisher?.close();
      publisher = undefined;
      connecting = false;
      run += 1;
      connect();
    },
    writeVideo(frame, keyStart) {
      if (awaitingKey && !keyStart) return;
      if (!takes(keyStart)) return;
      awaitingKey = false;
      publisher?.write(frame);
    },
    write(frame) {
      if (publisher && chokedAt === undefined) publisher.write(frame);
    },
    flush: () => publisher?.flush(),
    departs: (departed) => publisher?.departs(departed),
    adjust(nextAddress) {
      url = nextAddress;
      connect();
    },
    close() {
      closed = true;
      clearTimeout(retryTimer);
      publisher?.close();
    },
  };
}
