import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { BrokenSeal, openSeal } from '../../adapters/seal.aes.ts';

describe('the seal of what hosts share', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-seal-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const sealOf = (secret: string) => {
    const file = path.join(folder, 'cluster.key');
    writeFileSync(file, `${secret}\n`);
    return openSeal(file);
  };
  const ours = () => sealOf('k'.repeat(44));

  it('is opened by every host with the key, and shows nothing of the text, nor that it is the same again', () => {
    const sealed = [ours().close('people.lan', 'secret text'), ours().close('people.lan', 'secret text')];
    for (const one of sealed) {
      expect(ours().open('people.lan', one)).to.equal('secret text');
      expect(Buffer.from(one).toString('latin1')).to.not.include('secret');
    }
    expect(sealed[0]).to.not.deep.equal(sealed[1]);
    expect(ours().mark('a')).to.equal(ours().mark('a')).and.to.not.equal(ours().mark('b'));
  });

  it('is not opened with another key, under another name, or after a single bit was turned', () => {
    const sealed = ours().close('people.lan', 'text');
    expect(() => sealOf('x'.repeat(44)).open('people.lan', sealed)).to.throw(BrokenSeal, 'another key');
    expect(() => ours().open('people.mai', sealed)).to.throw(BrokenSeal);
    for (let index = 0; index < sealed.length; index++) {
      const altered = Uint8Array.from(sealed);
      altered[index] = (altered[index] as number) ^ 1;
      expect(() => ours().open('people.lan', altered)).to.throw(BrokenSeal);
    }
    expect(() => ours().open('people.lan', new Uint8Array(3))).to.throw(BrokenSeal);
  });

  it('gives every host the same secret for a purpose, another for each, and none of them tells the key', () => {
    const secret = ours().secret('relay-hls');
    expect(secret)
      .to.equal(ours().secret('relay-hls'))
      .and.to.match(/^[\w-]{43}$/);
    expect([ours().secret('other'), sealOf('x'.repeat(44)).secret('relay-hls'), 'k'.repeat(44)]).to.not.include(secret);
  });

  it('is refused a key that could be guessed, with how to make one', () => {
    expect(() => sealOf('short')).to.throw('openssl rand');
  });
});
