import { expect } from 'chai';
import fc from 'fast-check';
import { authorize, parseChallenges } from '../../../adapters/rtsp/authorization.ts';

// The worked examples of RFC 7616 §3.9.1 and RFC 2617 §3.5.
const RFC_7616 = ['SHA-256', 'MD5'].map(
  (algorithm) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
);
const MUFASA = { username: 'Mufasa', password: 'Circle of Life' };
const CNONCE = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
const answer = (fields: string[], credential = MUFASA, cnonce = CNONCE) =>
  authorize(parseChallenges(fields), credential, 'GET', '/dir/index.html', cnonce);

describe('answering a camera that asks for a password', () => {
  it('prefers Digest with SHA-256', () => {
    const field = answer(['Basic realm="x"', ...RFC_7616.toReversed()]);
    expect(field).to.include('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
    expect(field).to.include('algorithm=SHA-256').and.include('opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"');
  });

  it('knows Digest with MD5, with and without quality of protection', () => {
    expect(answer(RFC_7616.slice(1))).to.include('response="8ca523f5e9506fed4657c9700eebdbec"');
    const old = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
    const field = answer([old], { username: 'Mufasa', password: 'Circle Of Life' });
    expect(field).to.include('response="670fd8c2df070c60b045671b8b24ff02"').and.not.include('qop');
  });

  it('knows Basic, and several challenges in one field', () => {
    expect(answer(['Negotiate, Basic realm="a, b"'])).to.equal('Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl');
  });

  it('has no answer to what it does not know', () => {
    expect(answer(['Bearer realm="x"'])).to.equal(undefined);
    expect(answer([])).to.equal(undefined);
  });

  it('survives any field, and never lets one break out of its quotes', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom('Digest ', 'realm="', 'nonce=', '\\"', ', ', 'qop="auth"', '=', '"'),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const field = answer([parts.join('')]) ?? '';
        expect(field.replace(/"(?:[^"\\]|\\.)*"/gs, '').includes('"')).to.equal(false);
      }),
      { numRuns: 500 },
    );
  });
});
