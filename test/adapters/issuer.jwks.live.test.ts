import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { issuerKeys } from '../../adapters/issuer.jwks.ts';

const key = (kid: string, curve = 'P-256') => ({
  ...generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ format: 'jwk' }),
  kid,
});

describe("somebody else's keys", () => {
  let server: http.Server;
  let url: string;
  let asked: number;
  let answer: (response: http.ServerResponse) => void;
  const publish = (...keys: object[]) => {
    answer = (response) => response.end(JSON.stringify({ keys }));
  };

  beforeEach(async () => {
    asked = 0;
    server = http.createServer((_request, response) => {
      asked++;
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('are fetched once for many tokens, and again when a new one signs', async () => {
    let now = 0;
    const find = issuerKeys({ url, now: () => now });
    publish(key('one'));
    const found = await Promise.all(Array.from({ length: 20 }, () => find('one')));
    expect(found.every(Boolean)).to.equal(true);
    expect(asked).to.equal(1);
    publish(key('one'), key('two'));
    expect(await find('two'), 'asked a moment ago').to.equal(undefined);
    now += 10_000;
    expect(await find('two')).to.not.equal(undefined);
    expect(asked).to.equal(2);
  });

  it('are not asked for at every made-up name', async () => {
    publish(key('one'));
    const find = issuerKeys({ url, now: () => 0 });
    for (let n = 0; n < 50; n++) expect(await find(`made-up-${n}`)).to.equal(undefined);
    expect(asked).to.equal(1);
  });

  it('are believed on while the issuer is away, and taken only if they fit', async () => {
    let now = 0;
    const find = issuerKeys({ url, now: () => now, timeoutMs: 200 });
    publish(
      key('one'),
      key('other-curve', 'P-384'),
      { ...key('for-encryption'), use: 'enc' },
      { kty: 'oct', k: 'AAAA', kid: 'shared' },
    );
    expect(await find('one')).to.not.equal(undefined);
    for (const kid of ['other-curve', 'for-encryption', 'shared', '__proto__'])
      expect(await find(kid)).to.equal(undefined);
    for (const trouble of [
      (response: http.ServerResponse) => response.writeHead(500).end(),
      (response: http.ServerResponse) => response.end('not JSON'),
      (response: http.ServerResponse) => response.end('x'.repeat(400_000)),
      (response: http.ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      () => {}, // never answers
    ]) {
      answer = trouble;
      now += 700_000;
      expect(await find('unknown')).to.equal(undefined);
      expect(await find('one')).to.not.equal(undefined);
    }
  });
});
