import type { Measured } from '../../bus/events/rendition.ts';

/** A packet as FFmpeg's `framecrc` writes it. */
interface Packet {
  stream: number;
  dts: number;
  pts: number;
  bytes: number;
  key: boolean;
}

/** Takes what a program's packets show, line by line, until it is known what it carries. */
export interface PacketReader {
  /** One line of `framecrc`. Returns the measurement as soon as it is complete. */
  line(text: string): Measured | undefined;
  /** What is known by now, key frames being at least this far apart; undefined without a picture. */
  soFar(): Measured | undefined;
}

/** A key frame interval and this much more tell size, rate and order. */
const LEAST_MS = 900;
/** `framecrc` marks what is no key frame. */
const LINE = /^(\d+),\s*(-?\d+),\s*(-?\d+),\s*\d+,\s*(\d+),\s*0x[0-9a-f]+(, F=0x0)?/;

function packetOf(text: string): Packet | undefined {
  const found = LINE.exec(text);
  if (!found) return undefined;
  const [stream = 0, dts = 0, pts = 0, bytes = 0] = found.slice(1, 5).map(Number);
  return { stream, dts, pts, bytes, key: found[5] === undefined };
}

/** Starts a measurement. */
export function readPackets(): PacketReader {
  const header = new Map<string, string>();
  const packets: Packet[] = [];
  let msPerTick = 0;

  const measured = (): Measured | undefined => {
    const [first] = packets;
    const last = packets.at(-1);
    const size = /^(\d+)x(\d+)$/.exec(header.get('dimensions 0') ?? '');
    if (!first || !last || !size || packets.length < 2) return undefined;
    const spanMs = (last.dts - first.dts) * msPerTick;
    const keys = packets.filter(({ key }) => key).map(({ dts }) => dts * msPerTick);
    const gaps = [...keys, ...(keys.length < 2 ? [last.dts * msPerTick] : [])].map(
      (at, i, all) => at - (all[i - 1] ?? at),
    );
    // The last packet has begun, not ended.
    const bits = 8 * packets.slice(0, -1).reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      codec: header.get('codec_id 0') ?? 'unknown',
      width: Number(size[1]),
      height: Number(size[2]),
      fps: Math.round((100_000 * (packets.length - 1)) / spanMs) / 100,
      gop_ms: Math.round(Math.max(...gaps)),
      reordered: packets.some(({ pts, dts }) => pts !== dts),
      bitrate_bps: Math.round((bits * 1000) / spanMs),
      audio: header.get('media_type 1') === 'audio',
    };
  };

  return {
    line(text) {
      const named = /^#(\w+ \d+): (.+)$/.exec(text);
      if (named) {
        header.set(named[1] ?? '', named[2] ?? '');
        const [num = 1, den = 1] = (header.get('tb 0') ?? '').split('/').map(Number);
        msPerTick = (1000 * num) / den;
        return undefined;
      }
      const packet = packetOf(text);
      if (packet?.stream !== 0) return undefined;
      packets.push(packet);
      const spanMs = (packet.dts - (packets[0]?.dts ?? 0)) * msPerTick;
      return packet.key && spanMs >= LEAST_MS ? measured() : undefined;
    },
    soFar: measured,
  };
}
