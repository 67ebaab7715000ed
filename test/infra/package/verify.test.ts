import { createHash } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { extract, pack } from 'tar-stream';
import { createGate, type Sealer } from '../../../adapters/gate.jsonwebtoken.ts';
import { openSigningKeys } from '../../../adapters/keys.files.ts';
import { id } from '../../../bus/identity.ts';
import { verifyPackage } from '../../../infra/package/verify.ts';
import { writePackage } from '../../../infra/package/write.ts';
import { command } from '../../fixtures/command-line.ts';

const VIDEOS = ['video/cam_1-a.mp4', 'video/cam_1-b.mp4'];

describe('a package of video and log', () => {
  let folder: string;
  let sealer: Sealer;
  let file: string;
  const at = (name: string) => path.join(folder, name);
  const trusted = () => openSigningKeys(at('state/keys')).map(({ jwk }) => jwk);
  const gateOf = (state: string) =>
    createGate({
      keys: openSigningKeys(at(`${state}/keys`)),
      issuer: 'signalbox',
      audience: 'signalbox',
      revoked: () => false,
    });
  /** Bytes that differ everywhere, in pieces, as a recording gives them. */
  const bytesOf = (seed: number, length: number) => ({
    async *bytes() {
      const whole = createHash('shake256', { outputLength: length }).update(String(seed)).digest();
      for (let n = 0; n < length; n += 4_000) yield whole.subarray(n, n + 4_000);
    },
  });
  const write = async (name: string, by: Sealer) => {
    const about = { made_at: 5_000, made_by: 'anna', issuer: 'signalbox', from: 1_000, to: 4_000 };
    const video = (from: number, to: number) => ({ camera: id('cam_1'), source: id('main'), from, to });
    const sources = [
      { name: VIDEOS[0] as string, video: video(1_000, 2_000), ...bytesOf(1, 10_000) },
      { name: VIDEOS[1] as string, video: video(3_000, 4_000), ...bytesOf(2, 10_000) },
      { name: 'log.sbx', ...bytesOf(3, 700) },
    ];
    const more = { cameras: [id('cam_1')], gaps: [{ camera: id('cam_1'), from: 2_000, to: 3_000 }], log_state: 'x' };
    const { stream, bytes } = await writePackage(sources, { ...about, ...more }, by);
    await pipeline(stream, createWriteStream(at(name)));
    expect(statSync(at(name)).size, 'as many bytes as were announced').to.equal(bytes);
    return at(name);
  };
  const entries = async (): Promise<[string, Buffer][]> => {
    const found: [string, Buffer][] = [];
    for await (const entry of Readable.from([readFileSync(file)]).pipe(extract())) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      found.push([entry.header.name, Buffer.concat(chunks)]);
    }
    return found;
  };
  /** Packs anew what somebody made of the parts, as anybody with tar can. */
  const packed = async (parts: [string, Buffer][]) => {
    const tar = pack();
    for (const [name, body] of parts) tar.entry({ name }, body);
    tar.finalize();
    await pipeline(Readable.from(tar), createWriteStream(at('changed.tar')));
    return verifyPackage(at('changed.tar'), trusted());
  };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-package-'));
    sealer = gateOf('state').sealer;
    file = await write('whole.tar', sealer);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is found unaltered, and signed by the installation that made it', async () => {
    const { manifest, ...finding } = await verifyPackage(file, trusted());
    expect(finding).to.deep.equal({ verdict: 'unaltered', signature: 'known', faults: [] });
    expect(manifest).to.deep.include({ made_by: 'anna', cameras: ['cam_1'] });
    const names = (await entries()).map(([name]) => name);
    expect(names).to.deep.equal(['manifest.json', 'manifest.sig', ...VIDEOS, 'log.sbx']);
  });

  it('betrays a flipped bit in any of its files, and says in which', async () => {
    const whole = readFileSync(file);
    for (const [name, body] of await entries()) {
      for (const place of [0, body.length >> 1, body.length - 1]) {
        const changed = Buffer.from(whole);
        const begin = whole.indexOf(body);
        changed[begin + place] = (changed[begin + place] ?? 0) ^ 1;
        writeFileSync(at('flipped.tar'), changed);
        const { verdict, faults } = await verifyPackage(at('flipped.tar'), trusted());
        expect(verdict, `${name} at ${place}`).to.equal('altered');
        expect(faults.join(), `${name} at ${place}`).to.contain(name);
      }
    }
  });

  it('betrays wherever it was cut off', async () => {
    const whole = readFileSync(file);
    for (const length of [1, 600, 5_000, 12_000, 24_000]) {
      writeFileSync(at('cut.tar'), whole.subarray(0, length));
      const { verdict, faults } = await verifyPackage(at('cut.tar'), trusted());
      expect(verdict, `${length} bytes`).to.equal('cut-off');
      expect(faults.join()).to.contain('cut off');
    }
    // Between two parts nothing tells cutting from removing.
    const boundary = whole.indexOf((await entries())[3]?.[1] ?? '') - 512;
    writeFileSync(at('cut.tar'), whole.subarray(0, boundary));
    const { verdict, faults } = await verifyPackage(at('cut.tar'), trusted());
    expect(verdict).to.equal('altered');
    expect(faults).to.have.length(2);
    expect(faults.join()).to.contain(VIDEOS[1]).and.contain('log.sbx');
  });

  it('betrays a part that was removed, swapped, added or put in twice', async () => {
    const parts = await entries();
    expect((await packed(parts)).verdict).to.equal('unaltered');
    const removed = await packed(parts.filter(([name]) => name !== VIDEOS[0]));
    expect(removed.verdict).to.equal('altered');
    expect(removed.faults.join()).to.contain(`${VIDEOS[0]} is missing`);
    const other: Record<string, string> = {
      [VIDEOS[0] as string]: VIDEOS[1] as string,
      [VIDEOS[1] as string]: VIDEOS[0] as string,
    };
    const swapped = await packed(parts.map(([name, body]) => [other[name] ?? name, body]));
    expect(swapped.verdict).to.equal('altered');
    expect(swapped.faults).to.have.length(2);
    const added = await packed([...parts, ['video/more.mp4', Buffer.from('x')]]);
    expect(added.faults.join()).to.contain('video/more.mp4 was added');
    const twice = await packed([...parts, parts[2] as [string, Buffer]]);
    expect(twice.faults.join()).to.contain('twice');
    const unsigned = await packed(parts.filter(([name]) => name !== 'manifest.sig'));
    expect(unsigned.verdict).to.equal('altered');
    expect((await packed([])).verdict).to.equal('altered');
  });

  it('made anew by somebody else is not taken for one of the installation, whatever it calls its key', async () => {
    const { sealer: other } = gateOf('elsewhere');
    const forged = await write('forged.tar', { ...other, key: { ...other.key, kid: sealer.key.kid } });
    const finding = await verifyPackage(forged, trusted());
    expect(finding).to.include({ verdict: 'unaltered', signature: 'unknown' });
    const claimed = await write('claimed.tar', { key: sealer.key, sign: other.sign });
    expect(await verifyPackage(claimed, trusted())).to.include({ verdict: 'altered', signature: 'wrong' });
  });

  it('is proved on the command line: 0 only for the whole and signed, 1 for all else, with the reason', async () => {
    const known = await command(['verify', file, '--state', at('state')]);
    expect(known.code, known.err).to.equal(0);
    expect(known.out).to.contain('unaltered, signed by signalbox').and.contain(sealer.key.kid);
    writeFileSync(at('jwks.json'), JSON.stringify(gateOf('state').jwks()));
    const elsewhere = ['--state', at('nowhere')];
    expect((await command(['verify', file, '--keys', at('jwks.json'), ...elsewhere])).code).to.equal(0);
    const unknown = await command(['verify', file, ...elsewhere]);
    expect(unknown.code).to.equal(1);
    expect(unknown.err).to.contain('signature is unknown').and.contain('--keys');
    expect((await command(['verify', file, '--any-signer', ...elsewhere])).code).to.equal(0);
    writeFileSync(at('cut.tar'), readFileSync(file).subarray(0, 5_000));
    const cut = await command(['verify', at('cut.tar'), '--json', '--state', at('state')]);
    expect(cut.code).to.equal(1);
    expect(JSON.parse(cut.out)).to.include({ verdict: 'cut-off' });
    expect((await command(['verify', at('none.tar'), ...elsewhere])).code).to.equal(1);
    expect((await command(['verify'])).code).to.equal(2);
  });
});
