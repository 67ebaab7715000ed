import { expect } from 'chai';
import { halve, inSizes } from '../../../adapters/peer.wrtc/halve.ts';
import { createPictureCutter, i420Bytes, NotY4m, type Picture } from '../../../adapters/peer.wrtc/y4m.ts';

const plain = (width: number, height: number, of: (index: number) => number): Picture => ({
  width,
  height,
  data: Uint8ClampedArray.from({ length: i420Bytes(width, height) }, (_, index) => of(index)),
});
const stream = (pictures: Picture[]): Buffer =>
  Buffer.concat([
    Buffer.from('YUV4MPEG2 W8 H4 F25:1 Ip A1:1 C420jpeg\n'),
    ...pictures.flatMap(({ data }) => [Buffer.from('FRAME\n'), Buffer.from(data)]),
  ]);

describe('raw pictures', () => {
  it('are cut from the stream, however its pieces fall', () => {
    const pictures = [plain(8, 4, (index) => index), plain(8, 4, (index) => 255 - index)];
    for (const size of [1, 7, 48, 1_000]) {
      const seen: number[][] = [];
      const cut = createPictureCutter(({ width, height, data }) => {
        expect([width, height, data.byteOffset]).to.deep.equal([8, 4, 0]);
        seen.push([...data]);
      });
      const bytes = stream(pictures);
      for (let at = 0; at < bytes.length; at += size) cut(bytes.subarray(at, at + size));
      expect(seen).to.deep.equal(pictures.map(({ data }) => [...data]));
    }
  });

  it('are not looked for in what is no such stream', () => {
    const cut = createPictureCutter(() => {});
    expect(() => cut(Buffer.from('RIFF....\n'))).to.throw(NotY4m);
    expect(() => createPictureCutter(() => {})(Buffer.alloc(2_000, 65))).to.throw(NotY4m);
  });

  it('are halved by the mean of four, each plane for itself', () => {
    const { width, height, data } = halve(
      plain(8, 4, (index) => (index < 32 ? (index % 2) * 100 : index < 40 ? 60 : 200)),
    );
    expect([width, height]).to.deep.equal([4, 2]);
    expect([...data]).to.deep.equal([...Array(8).fill(50), ...Array(2).fill(60), ...Array(2).fill(200)]);
  });

  it('are made smaller once for all who want them so', () => {
    const sized = inSizes(plain(16, 8, () => 7));
    expect(sized(4)).to.equal(sized(4));
    expect(sized(4)).to.include({ width: 4, height: 2 });
    expect(sized(1)).to.include({ width: 16, height: 8 });
  });
});
