import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { COUNTED, joined, ladderOfFile, probed } from '../fixtures/ladder-of-file.ts';

/** Rungs count in units of their own: a picture may have a time that differs a little. */
const SAME_S = 0.02;
const CAMERA = { fps: '25', gopFrames: 50 };

describe('the rungs of a ladder', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-b-frames-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('show every picture of a camera with B-frames once, evenly, and in the order in which it is sent, as WebRTC needs it', async () => {
    const { source, rate, rungs, startedMs, seen } = await ladderOfFile(folder, { ...CAMERA, seconds: 24, bFrames: 2 });
    const TIMES_OF = ['-show_entries', 'packet=pts_time,dts_time'];
    /** When each packet is shown, and whether it is sent in another order. */
    const packets = (input: string | Buffer) =>
      probed(TIMES_OF, input).map((line) => {
        const [ptsS = Number.NaN, dtsS] = line.split(',').map(Number);
        return { ptsS, isLate: ptsS !== dtsS };
      });
    const sent = packets(source).map(({ ptsS }) => ptsS);
    expect(sent, 'what the camera sends').to.not.deep.equal(sent.toSorted((one, other) => one - other));
    expect(rungs.map(({ how }) => how)).to.deep.equal(['encoded', 'encoded']);
    for (const { name } of rungs) {
      const listed = [...(seen.get(name) ?? [])].slice(-6);
      const playable = joined(folder, [`${name}_${startedMs}.mp4`, ...listed.map(([file]) => file)]);
      const seconds = listed.reduce((sum, [, one]) => sum + one.seconds, 0);
      const [counted = ''] = probed(COUNTED, playable);
      expect(Number.parseInt(counted, 10), `${name}: pictures`).to.be.closeTo(seconds * rate, 2);
      const got = packets(playable);
      expect(
        got.filter(({ isLate }) => isLate),
        `${name}: what WebRTC can’t carry`,
      ).to.deep.equal([]);
      for (const [at, { ptsS }] of got.entries()) {
        if (at > 0) expect(ptsS - (got[at - 1]?.ptsS ?? 0), `${name}: picture ${at}`).to.be.closeTo(1 / rate, SAME_S);
      }
    }
  });
});
