import { converse, openRtsp } from '../rtsp/connection.ts';
import type { RtspFailure } from '../rtsp/failure.ts';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { startRecording } from '../rtsp/session.ts';
import { type KeptConnections, NOTHING_KEPT, type Publication, withoutToken } from './kept-connections.ts';

const TIMEOUTS = { connectTimeoutMs: 2_000, answerTimeoutMs: 5_000 };
const KEEP_ALIVE_MS = 15_000;

/** A published RTSP stream. */
export interface Publisher {
  /** Holds writes back until `flush`, so that what came together leaves together. */
  write(frame: Buffer): void;
  flush(): void;
  /** Bytes that the relay has not taken yet. */
  backlogBytes(): number;
  /** Somebody has departed on it: the next process has to know. */
  departs(departed: Publication['departed']): void;
  close(): void;
}

/**
 * Publishes tracks to an address over RTSP/TCP until closed; goes on with what the process before this one published
 * there, where that was left.
 * @param onEnd it is over, once; not called after `close`
 * @throws RtspFailure when the relay does not take it
 */
export async function openPublisher(
  address: string,
  name: string,
  tracks: MediaTrack[],
  onEnd: (failure: RtspFailure) => void,
  kept: KeptConnections = NOTHING_KEPT,
): Promise<Publisher> {
  let keepAlive: NodeJS.Timeout | undefined;
  let opened = false;
  const options = {
    ...TIMEOUTS,
    ...(kept.dial ? { dial: kept.dial } : {}),
    onEnd(failure: RtspFailure) {
      clearInterval(keepAlive);
      if (opened) onEnd(failure);
    },
  };
  const before = kept.take(address, tracks);
  const connection = before ? converse(before.socket, options) : await openRtsp(address, options);
  const { socket } = connection;
  let session: string;
  const note = (departed?: Publication['departed']) =>
    kept.note(socket, { address: withoutToken(address), session, tracks, ...(departed ? { departed } : {}) });
  try {
    session = before?.session ?? (await startRecording(connection, address, name, tracks));
    opened = true;
    if (!before) note();
    keepAlive = setInterval(() => {
      connection.request('OPTIONS', address, { Session: session }).catch(() => {}); // its end is told by onEnd
    }, KEEP_ALIVE_MS);
  } catch (error) {
    connection.close();
    throw error;
  }
  let corked = false;
  /** What is held back: frames that lie one after the other in memory, as they were read, leave as one piece. */
  let first: Buffer | undefined;
  let heldBytes = 0;
  const release = () => {
    if (first) socket.write(Buffer.from(first.buffer, first.byteOffset, heldBytes));
    first = undefined;
    heldBytes = 0;
  };
  return {
    write(frame) {
      if (first?.buffer === frame.buffer && first.byteOffset + heldBytes === frame.byteOffset) {
        heldBytes += frame.length;
        return;
      }
      if (first && !corked) socket.cork();
      corked ||= first !== undefined;
      release();
      first = frame;
      heldBytes = frame.length;
    },
    flush() {
      release();
      if (corked) socket.uncork();
      corked = false;
    },
    backlogBytes: () => socket.writableLength + heldBytes,
    departs: note,
    close() {
      clearInterval(keepAlive);
      connection.close();
    },
  };
}
