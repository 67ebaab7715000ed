import { expect } from 'chai';
import type { MediaTrack } from '../../../adapters/rtsp/sdp.ts';
import { createReading } from '../../../adapters/switch.rtp/reading.ts';
import { makeRtp } from '../../../adapters/switch.rtp/rtp.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const SETS = {
  H264: ['6742c01fd9005005bb011000000300100000030320f1832480', '68cb83cb20'].map(hex),
  H265: [
    '40010c01ffff016000000300900000030000030078959809',
    '420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84',
    '4401c172b46240',
  ].map(hex),
};
type Codec = keyof typeof SETS;
const CODECS: Codec[] = ['H264', 'H265'];

const PARAMETERS = { H264: ['sprop-parameter-sets'], H265: ['sprop-vps', 'sprop-sps', 'sprop-pps'] };
const described = (codec: Codec): string => {
  const sets = SETS[codec].map((set) => set.toString('base64'));
  const [only, ...others] = PARAMETERS[codec];
  return others.length === 0
    ? `packetization-mode=1; ${only}=${sets}`
    : PARAMETERS[codec].map((name, index) => `${name}=${sets[index]}`).join('; ');
};
const track = (encoding: Codec, format = described(encoding)): MediaTrack => ({
  ...{ media: 'video', encoding, payloadType: 96, clockRate: 90_000, control: '', format },
});

/** The first bytes of the pieces of a picture, each long enough not to be one packet. */
const HEADERS = { H264: { key: [0x65], other: [0x41] }, H265: { key: [19 << 1, 1], other: [1 << 1, 1] } };

/** A source as its packets come, 30 pictures a second. */
function stage(codec: Codec, format?: string) {
  const reading = createReading();
  reading.begin(track(codec, format));
  let sequence = 0;
  let seed = 1;
  let picture = 0;
  let ready = 0;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 24;
  };
  const take = (payload: Buffer, timestamp = picture * 3_000) => {
    sequence = (sequence + 1) & 0xffff;
    const frame = makeRtp(payload, { channel: 0, payloadType: 96, sequence, timestamp, ssrc: 1 });
    const understood = reading.take(frame, picture * 33) !== undefined;
    if (understood && reading.gop.ready()) ready += 1;
    return understood;
  };
  const slice = (which: 'key' | 'other', first: boolean) =>
    Buffer.from([...HEADERS[codec][which], first ? 0x88 : 0x48, ...Array.from({ length: 60 }, random)]);
  return {
    reading,
    take,
    /** How often it could have taken over. */
    ready: () => ready,
    /** @param sets those that come before it @returns whether its last packet was understood */
    picture(which: 'key' | 'other' = 'other', sets: readonly Buffer[] = []) {
      picture += 1;
      for (const set of sets) take(set);
      take(slice(which, true));
      return take(slice(which, false));
    },
    /** Bytes that mean nothing, a new picture with each packet, or ten packets to a picture. */
    rubbish(together = 1) {
      if (sequence % together === 0) picture += 1;
      return take(Buffer.from(Array.from({ length: 80 }, random)));
    },
  };
}

describe('what is made of the video that a source sends', () => {
  for (const codec of CODECS) {
    it(`is nothing of bytes that mean nothing, whatever its description says: ${codec}`, () => {
      for (const format of [described(codec), 'packetization-mode=1']) {
        for (const together of [1, 10]) {
          const source = stage(codec, format);
          for (let index = 0; index < 5_000; index += 1) source.rubbish(together);
          expect(source.ready(), `${together} packets to a picture`).to.equal(0);
          expect(source.reading.obstacle()).to.equal(`what it sends is no ${codec}`);
        }
      }
    });

    it(`is a picture from its first key frame on, where its description has the parameter sets: ${codec}`, () => {
      const source = stage(codec);
      source.picture();
      expect(source.reading.gop.ready()).to.equal(false);
      expect(source.picture('key')).to.equal(true);
      expect(source.reading.gop.ready()).to.equal(true);
      expect(source.reading.obstacle()).to.equal(undefined);
    });

    it(`is nothing before parameter sets have come, where its description has none: ${codec}`, () => {
      const source = stage(codec, 'packetization-mode=1');
      for (let index = 0; index < 5; index += 1) expect(source.picture(index === 0 ? 'key' : 'other')).to.equal(false);
      expect(source.reading.gop.ready()).to.equal(false);
      expect(source.reading.obstacle()).to.equal(`its ${codec} comes without parameter sets`);
      expect(source.picture('key', SETS[codec])).to.equal(true);
      expect(source.reading.gop.ready()).to.equal(true);
      expect(source.reading.gop.packets(), 'with what was sent before the picture').to.have.length(
        SETS[codec].length + 2,
      );
      expect(source.reading.obstacle()).to.equal(undefined);
    });

    it(`is nothing any more within 60 packets when rubbish comes, and a picture again when that is back: ${codec}`, () => {
      const source = stage(codec);
      for (let index = 0; index < 300; index += 1) source.picture(index % 60 === 0 ? 'key' : 'other');
      let packets = 0;
      while (source.rubbish()) packets += 1;
      expect(packets).to.be.below(60);
      const before = source.ready();
      for (let index = 0; index < 5_000; index += 1) source.rubbish();
      expect(source.ready() - before).to.equal(0);
      for (let index = 0; index < 10; index += 1) source.picture();
      expect(source.reading.gop.ready(), 'it waits for a key frame').to.equal(false);
      expect(source.picture('key')).to.equal(true);
      expect(source.reading.gop.ready()).to.equal(true);
    });

    it(`is its picture though a packet that nobody knows comes with each: ${codec}`, () => {
      const source = stage(codec);
      source.picture('key');
      source.picture();
      for (let index = 0; index < 2_000; index += 1) {
        source.take(Buffer.from([...(codec === 'H264' ? [0] : [0x7e, 1]), 1, 2, 3]));
        expect(source.picture()).to.equal(true);
      }
    });
  }

  it('is nothing where a source sends another codec than it says', () => {
    for (const [said, sent] of [
      ['H264', 'H265'],
      ['H265', 'H264'],
    ] as const) {
      const source = stage(said);
      const other = stage(sent);
      const original = other.reading.take;
      other.reading.take = (frame, atMs) => {
        source.take(frame.subarray(16), frame.readUInt32BE(8));
        return original(frame, atMs);
      };
      for (let index = 0; index < 300; index += 1) other.picture(index % 60 === 0 ? 'key' : 'other', SETS[sent]);
      expect([other.ready() > 0, source.ready()]).to.deep.equal([true, 0]);
      expect(source.reading.obstacle()).to.equal(`what it sends is no ${said}`);
    }
  });
});
