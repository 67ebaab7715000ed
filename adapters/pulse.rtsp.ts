import { ID_PATTERN } from '../bus/identity.ts';
import type { PulseSlot } from '../machines/slots.ts';
import { openRtsp, type RtspConnection } from './rtsp/connection.ts';
import { RtspFailure } from './rtsp/failure.ts';
import { type MediaTrack, parseSdp } from './rtsp/sdp.ts';
import { describe, startPlaying, startRecording } from './rtsp/session.ts';

/** Where each gateway's pulse goes through a relay; no camera's id has a slash. */
export const pulsePath = (node: string): string => `pulse/${node}`;

/** Every such path, as a relay's configuration spells it. */
export const PULSE_PATHS = `~^pulse/${ID_PATTERN.replace(/^\^/, '')}`;

/** Relays are near: what takes longer than this hangs. */
const TIMEOUTS = { connectTimeoutMs: 500, answerTimeoutMs: 1_000 };
const RETRY_MS = 100;
/** A way that brings nothing back is opened anew after this long. */
const STALE_MS = 2_000;
/** From asking for a relay's pulse to its first beat, before that is told as a miss. */
const PATIENCE_MS = 1_000;
/** mediamtx cuts off who says nothing for about a minute. */
const KEEP_ALIVE_MS = 15_000;

/** The smallest thing that a relay carries: a sound of a few bytes. */
const TRACK: MediaTrack = { media: 'audio', encoding: 'PCMU', payloadType: 0, clockRate: 8_000, control: 'trackID=0' };
const HEADER_BYTES = 16;
const PAYLOAD_BYTES = 8;

/** An interleaved RTP packet that carries the time at which it was sent. */
function beat(count: number, sentAt: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + PAYLOAD_BYTES);
  frame.set([0x24, 0]);
  frame.writeUInt16BE(frame.length - 4, 2);
  frame.set([0x80, TRACK.payloadType], 4);
  frame.writeUInt16BE(count & 0xffff, 6);
  frame.writeUInt32BE((Math.round(sentAt) * 8) >>> 0, 8);
  frame.writeUInt32BE(1, 12);
  frame.writeDoubleBE(sentAt, HEADER_BYTES);
  return frame;
}

/** The way through a relay and back: two connections, as a camera's and a viewer's are. */
interface Loop {
  send(frame: Buffer): void;
  close(): void;
}

/** Publishes to an address and reads it back. @throws RtspFailure */
async function openLoop(address: string, back: (sentAt: number) => void, onEnd: () => void): Promise<Loop> {
  const connections: RtspConnection[] = [];
  const sessions: string[] = [];
  const keepAlive = setInterval(() => {
    for (const [index, one] of connections.entries()) {
      one.request('OPTIONS', address, { Session: sessions[index] ?? '' }).catch(() => {}); // its end is told by onEnd
    }
  }, KEEP_ALIVE_MS);
  const close = () => {
    clearInterval(keepAlive);
    for (const one of connections) one.close();
  };
  const end = () => {
    close();
    onEnd();
  };
  try {
    const publisher = await openRtsp(address, { ...TIMEOUTS, onEnd: end });
    connections.push(publisher);
    sessions.push(await startRecording(publisher, address, 'pulse', [TRACK]));
    const onFrame = (frame: Buffer) => {
      // Odd channels carry reports.
      if (frame[1] === 0 && frame.length >= HEADER_BYTES + PAYLOAD_BYTES) back(frame.readDoubleBE(HEADER_BYTES));
    };
    const reader = await openRtsp(address, { ...TIMEOUTS, onFrame, onEnd: end });
    connections.push(reader);
    const { sdp, base } = await describe(reader, address);
    sessions.push(await startPlaying(reader, base, parseSdp(sdp)));
    return { send: (frame) => publisher.socket.write(frame), close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Feels a relay's pulse: sends a small packet through it at a steady pace and reads it back, on the way that media
 * takes. Tells when none comes back any more, and when they do again.
 * @param addressOf where a relay takes and gives the pulse, with a fresh token
 */
export function pulseRtsp(addressOf: (relay: string) => string): PulseSlot {
  return ({ relay, everyMs, silentMs }, report) => {
    let loop: Loop | undefined;
    let opening = false;
    let retryAt = 0;
    let staleAt = 0;
    let detail = 'no packet came back yet';
    let count = 0;
    let standing: 'unknown' | 'beating' | 'missed' = 'unknown';
    /** How long nothing came back, as far as this process was there to see it. */
    let silence = 0;
    let tickedAt = performance.now();
    let over = false;

    const back = (sentAt: number) => {
      silence = 0;
      staleAt = performance.now() + STALE_MS;
      if (standing === 'beating' || over) return;
      standing = 'beating';
      detail = 'no packet comes back';
      report({ type: 'pulse.beating', round_trip_ms: Math.round((performance.now() - sentAt) * 10) / 10 });
    };
    const judge = () => {
      if (over || standing === 'missed' || silence < (standing === 'unknown' ? PATIENCE_MS : silentMs)) return;
      standing = 'missed';
      report({ type: 'pulse.missed', silent_ms: Math.round(silence), detail });
    };
    const open = async () => {
      opening = true;
      try {
        const opened = await openLoop(addressOf(relay), back, () => {
          loop = undefined;
          detail = 'the relay closed the connection';
        });
        if (over) opened.close();
        else loop = opened;
        staleAt = performance.now() + STALE_MS;
      } catch (error) {
        if (!(error instanceof RtspFailure)) throw error;
        detail = error.message;
        retryAt = performance.now() + RETRY_MS;
      } finally {
        opening = false;
      }
    };
    const tick = () => {
      const now = performance.now();
      // While this process was busy or paused, it heard nothing: that is not the relay's silence.
      silence += Math.min(now - tickedAt, 2 * everyMs);
      tickedAt = now;
      if (loop && now >= staleAt) {
        loop.close();
        loop = undefined;
      }
      if (loop) loop.send(beat(count++, now));
      else if (!opening && now >= retryAt) void open();
      // Packets that wait in the socket are read before judging.
      setImmediate(judge);
    };
    const beats = setInterval(tick, everyMs);
    tick();
    const end = () => {
      over = true;
      clearInterval(beats);
      loop?.close();
    };
    return { release: end, detach: end };
  };
}
