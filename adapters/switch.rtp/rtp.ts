/**
 * RTP packets as they travel interleaved in RTSP (RFC 3550, RFC 2326 §10.12): a four-byte header (`$`, channel,
 * length), then the packet. Offsets below count from the `$`.
 */
const INTERLEAVED_BYTES = 4;
const FIXED_HEADER_BYTES = 12;
const VERSION_2 = 0x80;
/** What every packet carries besides its payload. */
export const RTP_OVERHEAD_BYTES = INTERLEAVED_BYTES + FIXED_HEADER_BYTES;

/** The interleaved channel of a frame: even is RTP, odd is RTCP, two to a track. */
export const channelOf = (frame: Buffer): number => frame[1] ?? 0;
export const sequenceOf = (frame: Buffer): number => frame.readUInt16BE(6);
export const timestampOf = (frame: Buffer): number => frame.readUInt32BE(8);
export const markerOf = (frame: Buffer): boolean => ((frame[5] ?? 0) & 0x80) !== 0;

/** The payload of an RTP frame, or undefined when it is not well-formed RTP. It shares the frame's memory. */
export function payloadOf(frame: Buffer): Buffer | undefined {
  if (frame.length < RTP_OVERHEAD_BYTES) return undefined;
  const flags = frame[4] ?? 0;
  if ((flags & 0xc0) !== VERSION_2) return undefined;
  let start = RTP_OVERHEAD_BYTES + 4 * (flags & 0x0f);
  if (flags & 0x10) {
    if (start + 4 > frame.length) return undefined;
    start += 4 + 4 * frame.readUInt16BE(start + 2);
  }
  let end = frame.length;
  if (flags & 0x20) end -= frame[end - 1] ?? 0;
  return start < end ? frame.subarray(start, end) : undefined;
}

/** What a rewritten packet carries instead of its source's own values. */
export interface RtpStamp {
  channel: number;
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
}

/** Rewrites an RTP frame in place: it was read for us alone, and its payload stays as it is. */
export function stampRtp(frame: Buffer, stamp: RtpStamp): void {
  frame[1] = stamp.channel;
  frame[5] = ((frame[5] ?? 0) & 0x80) | stamp.payloadType;
  frame.writeUInt16BE(stamp.sequence, 6);
  frame.writeUInt32BE(stamp.timestamp, 8);
  frame.writeUInt32BE(stamp.ssrc, 12);
}

/** A new RTP frame around a payload, without marker. */
export function makeRtp(payload: Buffer, stamp: RtpStamp): Buffer {
  const frame = Buffer.alloc(RTP_OVERHEAD_BYTES + payload.length);
  frame[0] = 0x24;
  frame.writeUInt16BE(FIXED_HEADER_BYTES + payload.length, 2);
  frame[4] = VERSION_2;
  stampRtp(frame, stamp);
  payload.copy(frame, RTP_OVERHEAD_BYTES);
  return frame;
}

/** What an RTCP sender report tells (RFC 3550 §6.4.1). */
export interface SenderReport {
  channel: number;
  ssrc: number;
  /** Epoch ms that `timestamp` stands for. */
  wallMs: number;
  timestamp: number;
  packets: number;
  octets: number;
}

/** Seconds from 1900, where NTP counts from, to 1970. */
const NTP_OFFSET_SECONDS = 2_208_988_800;
const SENDER_REPORT_BYTES = 28;

/** An interleaved RTCP frame: a sender report, and the CNAME that a compound packet must carry. */
export function makeSenderReport(report: SenderReport): Buffer {
  const cname = Buffer.from('signalbox');
  // One chunk: SSRC, item type, length, text, then at least one zero, to a multiple of four.
  const chunkBytes = Math.ceil((4 + 2 + cname.length + 1) / 4) * 4;
  const frame = Buffer.alloc(INTERLEAVED_BYTES + SENDER_REPORT_BYTES + 4 + chunkBytes);
  frame[0] = 0x24;
  frame[1] = report.channel;
  frame.writeUInt16BE(frame.length - INTERLEAVED_BYTES, 2);
  frame[4] = VERSION_2;
  frame[5] = 200;
  frame.writeUInt16BE(SENDER_REPORT_BYTES / 4 - 1, 6);
  frame.writeUInt32BE(report.ssrc, 8);
  const seconds = Math.floor(report.wallMs / 1000);
  frame.writeUInt32BE((seconds + NTP_OFFSET_SECONDS) >>> 0, 12);
  frame.writeUInt32BE(Math.floor(((report.wallMs - seconds * 1000) / 1000) * 2 ** 32) >>> 0, 16);
  frame.writeUInt32BE(report.timestamp, 20);
  frame.writeUInt32BE(report.packets >>> 0, 24);
  frame.writeUInt32BE(report.octets >>> 0, 28);
  const description = INTERLEAVED_BYTES + SENDER_REPORT_BYTES;
  frame[description] = VERSION_2 | 1;
  frame[description + 1] = 202;
  frame.writeUInt16BE(chunkBytes / 4, description + 2);
  frame.writeUInt32BE(report.ssrc, description + 4);
  frame[description + 8] = 1;
  frame[description + 9] = cname.length;
  cname.copy(frame, description + 10);
  return frame;
}
