import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openRecordings, type Recordings } from '../../../adapters/recordings.files.ts';
import { oneFile } from '../../../infra/http/recordings/one-file.ts';
import { playlist } from '../../../infra/http/recordings/playlist.ts';
import { fileNameAt, recordFile } from '../../fixtures/recorded-file.ts';

/** A whole second, long ago. */
const BEGIN = 1_795_000_000_000;
const SECONDS = 8;
const LENGTH_MS = SECONDS * 1_000;
const END = BEGIN + LENGTH_MS;

describe('the index of what is recorded, on real files', function () {
  this.timeout(30_000);
  let made: string;
  let folder: string;
  let index: Recordings;
  const at = (fromMs: number, source = '0', camera = 'gate') =>
    path.join(folder, 'in', camera, source, fileNameAt(fromMs));
  const put = (fromMs: number, kind = 'plain', source = '0', camera = 'gate'): string => {
    const file = at(fromMs, source, camera);
    mkdirSync(path.dirname(file), { recursive: true });
    copyFileSync(path.join(made, `${kind}.mp4`), file);
    return file;
  };
  /** Nothing was written to it for a while: its recorder is done with it. */
  const age = (file: string): void => utimesSync(file, 1, 1);
  const told = async (from = BEGIN - 3_600_000, to = END + 3_600_000) =>
    (await index.stretches('gate', from, to)).map(({ source, from: begin, to: end }) => [
      source,
      begin - BEGIN,
      end - BEGIN,
    ]);
  const pieces = async () =>
    (await index.pieces('gate', BEGIN - 3_600_000, END + 3_600_000)).map(({ from, to }) => [from - BEGIN, to - BEGIN]);

  before(() => {
    made = mkdtempSync(path.join(tmpdir(), 'sbx-made-'));
    recordFile(path.join(made, 'plain.mp4'), { seconds: SECONDS });
    recordFile(path.join(made, 'holed.mp4'), { seconds: SECONDS, hole: { atS: 3, seconds: 5 } });
    recordFile(path.join(made, 'open.mp4'), { seconds: SECONDS, open: true });
    recordFile(path.join(made, 'large.mp4'), { seconds: SECONDS, size: '320x180', sound: true });
  });
  after(() => rmSync(made, { recursive: true }));
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-recorded-'));
    index = openRecordings(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('follows a file that grows: what is added is there, each piece once its next key frame is', async () => {
    const whole = readFileSync(path.join(made, 'open.mp4'));
    const parts: number[] = [];
    for (let from = whole.indexOf('moof', 0, 'latin1') - 4; from >= 0 && from < whole.length; ) {
      parts.push(from);
      from = whole.indexOf('moof', from + 8, 'latin1') - 4;
    }
    const file = put(BEGIN, 'open');
    const seen: number[] = [];
    for (const end of [...parts.slice(1), whole.length]) {
      writeFileSync(file, whole.subarray(0, end));
      seen.push((await told())[0]?.[2] as number);
      // The last piece may go on.
      const last = (await pieces()).at(-1);
      if (last) expect(last[1]).to.be.at.most(seen.at(-1) as number);
    }
    expect(seen).to.deep.equal([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).to.be.closeTo(LENGTH_MS, 1_100);
    expect((await pieces()).length).to.equal(3);
    age(file);
    expect(await pieces()).to.deep.equal([
      [0, 2_000],
      [2_000, 4_000],
      [4_000, 6_000],
      [6_000, 8_000],
    ]);
  });

  it('forgets a file that is deleted by whomever, the next time somebody asks', async () => {
    const [first, second] = [put(BEGIN), put(END)];
    expect(await told()).to.deep.equal([['0', 0, 2 * LENGTH_MS]]);
    const [, , , , fifth] = await index.pieces('gate', BEGIN, END + LENGTH_MS);
    unlinkSync(second);
    expect(await told()).to.deep.equal([['0', 0, LENGTH_MS]]);
    expect(await index.piece('gate', '0', fifth?.file.name ?? '', 0)).to.equal(undefined);
    await index.remove({ camera: 'gate', source: '0', name: path.basename(first, '.mp4'), from: BEGIN });
    expect(await told()).to.deep.equal([]);
    expect(await index.keyFrame('gate', BEGIN + 1_000)).to.equal(undefined);
  });

  it('takes of a file that was cut off what is whole, and of rubbish nothing', async () => {
    const cut = put(BEGIN, 'open');
    truncateSync(cut, readFileSync(cut).lastIndexOf('moof', undefined, 'latin1') + 400);
    age(cut);
    const [[, , reached] = []] = await told();
    // The last part, of a second, is gone.
    expect(reached).to.be.within(LENGTH_MS - 2_100, LENGTH_MS - 500);
    const last = (await index.pieces('gate', BEGIN, END)).at(-1);
    expect(last && (await index.fragmentOf(last, BEGIN)).length).to.equal(last && (await index.lengthOf(last)));

    const empty = put(END);
    truncateSync(empty, 0);
    const noise = put(END + LENGTH_MS);
    writeFileSync(noise, Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * 7_919) % 251)));
    const halfHead = put(END + 2 * LENGTH_MS);
    truncateSync(halfHead, 300);
    const noisyEnd = put(END + 3 * LENGTH_MS, 'open');
    appendFileSync(noisyEnd, Buffer.alloc(5_000, 0xff));
    for (const file of [empty, noise, halfHead, noisyEnd]) age(file);
    const begun = (await told()).map(([, from]) => from);
    expect(begun).to.deep.equal([0, 4 * LENGTH_MS]);
    expect((await pieces()).length).to.equal(4 + 4);
  });

  it('knows a file that is moved in from elsewhere by its name, and nothing else that lies there', async () => {
    expect(await told()).to.deep.equal([]);
    put(BEGIN + 60_000);
    for (const name of ['notes.txt', 'cam.mp4', `${fileNameAt(END)}.part`, '.1795000100-000000.mp4']) {
      copyFileSync(path.join(made, 'plain.mp4'), path.join(folder, 'in/gate/0', name));
    }
    put(BEGIN + 120_000, 'plain', 'NOT AN ID');
    expect(await told()).to.deep.equal([['0', 60_000, 60_000 + LENGTH_MS]]);
    put(BEGIN, 'plain', '1');
    expect(await told()).to.deep.equal([
      ['1', 0, LENGTH_MS],
      ['0', 60_000, 60_000 + LENGTH_MS],
    ]);
  });

  it('leaves out what a recorder could not write: pieces end before it, and go on at the next key frame', async () => {
    age(put(BEGIN, 'holed'));
    // Three seconds of it, then nothing for five; the key frame of the fourth second comes at nine.
    expect(await pieces()).to.deep.equal([
      [0, 2_000],
      [2_000, 3_000],
      [9_000, 11_000],
      [11_000, 13_000],
    ]);
    const found = await index.pieces('gate', BEGIN, END + LENGTH_MS);
    for (const piece of found) expect(await index.lengthOf(piece)).to.equal((await index.fragmentOf(piece, 0)).length);
    const failed = [{ from: BEGIN + 6_000, to: BEGIN + 8_000 }];
    const stretches = await index.stretches('gate', BEGIN, END + LENGTH_MS, failed);
    expect(stretches.map(({ from, to }) => [from - BEGIN, to - BEGIN])).to.deep.equal([
      [0, 3_000],
      [9_000, 13_000],
    ]);
    const lines = playlist(found, { goesOn: false }).split('\n');
    expect(lines.filter((line) => line === '#EXT-X-DISCONTINUITY')).to.have.length(1);
    expect(lines.filter((line) => line.startsWith('#EXTINF'))).to.deep.equal([
      '#EXTINF:2.000,',
      '#EXTINF:1.000,',
      '#EXTINF:2.000,',
      '#EXTINF:2.000,',
    ]);
    const one = path.join(folder, 'one.mp4');
    const bytes: Buffer[] = [];
    for await (const chunk of oneFile(index, found)) bytes.push(chunk);
    writeFileSync(one, Buffer.concat(bytes));
    const show = ['-v', 'error', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0', one];
    const times = String(spawnSync('ffprobe', show).stdout).trim().split('\n').map(Number.parseFloat);
    expect(times).to.have.length(7 * 5);
    // Nobody waits in front of a picture that stands for what is missing.
    expect(times.at(-1)).to.be.closeTo(6.8, 0.01);
  });

  it('takes a camera of one picture in two seconds for what it is', async () => {
    recordFile(at(BEGIN), { seconds: SECONDS, fps: 0.5, gopSeconds: 4 });
    age(at(BEGIN));
    expect(await pieces()).to.deep.equal([
      [0, 4_000],
      [4_000, 8_000],
    ]);
  });

  it('is told to players with every file and gap as a break of its own, and each piece with its moment', async () => {
    for (const from of [BEGIN, END, END + 60_000]) age(put(from));
    age(put(END + 80_000, 'plain', '1'));
    const lines = playlist(await index.pieces('gate', BEGIN, END + 200_000), { goesOn: false }).split('\n');
    const moments = lines.flatMap((line) => /DATE-TIME:(.*)/.exec(line)?.[1] ?? []).map(Date.parse);
    const begun = [0, LENGTH_MS, LENGTH_MS + 60_000, LENGTH_MS + 80_000];
    expect(moments).to.deep.equal(begun.flatMap((from) => [0, 2_000, 4_000, 6_000].map((at) => BEGIN + from + at)));
    expect(lines.filter((line) => line === '#EXT-X-DISCONTINUITY')).to.have.length(3);
    const maps = lines.flatMap((line) => /MAP:URI="(\d)\./.exec(line)?.[1] ?? []);
    expect(maps).to.deep.equal(['0', '0', '0', '1']);
  });

  it('is the same from the files alone, whatever had been known before', async () => {
    for (let n = 0; n < 5; n++) put(BEGIN + n * LENGTH_MS);
    put(BEGIN + 100_000, 'open', '1');
    const [before, shown] = [await told(), await pieces()];
    index = openRecordings(folder);
    expect(await told()).to.deep.equal(before);
    expect(await pieces()).to.deep.equal(shown);
  });

  it('tells which picture it is: codec and size of the source, and where another one begins', async () => {
    put(BEGIN);
    put(END, 'large');
    put(END + LENGTH_MS, 'large');
    const day = await index.stretches('gate', BEGIN, END + 3 * LENGTH_MS);
    expect(day.map(({ from, to }) => [from - BEGIN, to - BEGIN])).to.deep.equal([
      [0, LENGTH_MS],
      [LENGTH_MS, 3 * LENGTH_MS],
    ]);
    const [small, large] = day.map(({ form }) => form);
    expect(small).to.include({ width: 160, height: 90 }).and.to.not.have.property('sound');
    expect(small?.codec).to.match(/^avc1\.[0-9a-f]{6}$/);
    expect(large).to.include({ width: 320, height: 180, sound: 'mp4a' });
    const looked = await index.pieces('gate', BEGIN, END + LENGTH_MS);
    expect([looked[0]?.form, looked.at(-1)?.form]).to.deep.equal([small, large]);
    // One that grows says it, too.
    const growing = put(BEGIN + 100_000, 'open', '1');
    expect((await index.stretches('gate', BEGIN + 100_000, Date.now())).at(-1)?.form).to.deep.equal(small);
    age(growing);
  });

  it('knows how long a piece is without reading it, with sound and without', async () => {
    put(BEGIN, 'large');
    put(END, 'plain');
    for (const piece of await index.pieces('gate', BEGIN, END + LENGTH_MS)) {
      expect(await index.lengthOf(piece)).to.equal((await index.fragmentOf(piece, BEGIN - 7)).length);
    }
  });
});
