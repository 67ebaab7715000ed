import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createSlates } from '../../adapters/slate.ffmpeg.ts';
import { readClip } from '../../adapters/switch.rtp/clip.ts';
import { h264 } from '../../adapters/switch.rtp/h264.ts';
import { h265 } from '../../adapters/switch.rtp/h265.ts';
import { findProgram } from '../../infra/binaries.ts';
import { until } from '../fixtures/process.ts';

describe('a slate', function () {
  this.timeout(20_000);
  let folder: string;
  const troubles: string[] = [];
  const open = (ffmpeg = findProgram('ffmpeg')) =>
    createSlates({ ffmpeg, folder, trouble: (_name, codec, detail) => troubles.push(`${codec} ${detail}`) });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-slate-'));
    troubles.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [codec, format] of [['H264', h264] as const, ['H265', h265] as const]) {
    it(`is made once per camera name in ${codec}, begins with a key frame and fits into packets`, async () => {
      const slates = open();
      let made = 0;
      expect(slates.clip("Cổng số 1: 'x'", codec, () => (made += 1))).to.equal(undefined);
      await until(`the clip; ${troubles}`, () => made === 1);
      const file = slates.clip("Cổng số 1: 'x'", codec, () => {}) ?? expect.fail('no clip');
      expect(
        open().clip("Cổng số 1: 'x'", codec, () => {}),
        'also after a restart',
      ).to.equal(file);
      const pictures = readClip(format, readFileSync(file));
      expect(pictures.map(({ key }) => key)).to.deep.equal([true, false, false, false, false]);
      const payloads = pictures.flatMap((picture) => picture.payloads);
      expect(Math.max(...payloads.map(({ length }) => length))).to.be.below(1_410);
      expect(troubles).to.deep.equal([]);
    });
  }

  it('that can’t be made is told once and not tried again and again', async () => {
    const slates = open('/bin/false');
    slates.clip('Gate', 'H264', () => expect.fail('nothing was made'));
    await until('the trouble', () => troubles.length > 0);
    expect(slates.clip('Gate', 'H264', () => {})).to.equal(undefined);
    expect(slates.clip('Gate', 'VP9', () => {})).to.equal(undefined);
    expect(troubles).to.have.length(1);
  });
});
