import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type ServedGateway, serveGateway } from '../fixtures/served-gateway.ts';

const README = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');

/** Each call of curl in the README, as somebody would type it; what follows a pipe or a # is left out. */
const CALLS = [...README.matchAll(/(?<=^|[`(])curl -(?:[^\n`]*\\\n)*[^\n`]*/gm)]
  .map(([call]) => call.split(/ \\\||\)"| {2,}#/)[0] ?? '')
  .filter((call) => call.includes('http://127.0.0.1:8080/'));

/** What a house that has neither motors nor cameras that send says to them; it has understood them. */
const REFUSED: Record<string, string> = { '/ptz/move': 'no-ptz', '/publish/': 'not-published' };

describe('the calls of curl in the README', function () {
  this.timeout(30_000);
  let gateway: ServedGateway;
  let tokens: Record<string, string>;

  before(async () => {
    gateway = await serveGateway();
    await gateway.makeLive();
    gateway.services.config.http.allowedOrigins.push('https://www.example.com');
    const operator = gateway.services.gate.mintLogin({ sub: 'crew', role: 'operator', cameras: [], zones: ['*'] }, 600);
    const made = { name: 'site', role: 'viewer' as const, cameras: ['cam_001'], zones: [], by: 'test' };
    const service = gateway.services.serviceTokens.make({ ...made, expires_at: Date.now() + 600_000 }).token;
    tokens = { TOKEN: operator, OPERATOR: operator, SERVICE_TOKEN: service };
  });
  after(() => gateway?.close());

  it('are found', () => {
    expect(CALLS.length).to.be.at.least(6);
  });

  for (const call of CALLS) {
    it(`are answered: ${call.split(':8080').at(-1)?.trim()}`, async () => {
      // The only camera here stands for all of the README's.
      const here = call.replace(':8080', `:${gateway.port}`).replaceAll(/cam_007|\bgate\b/g, 'cam_001');
      // The events never end by themselves.
      const words = `${here} -s --max-time 3 -w '\n%{http_code}'`;
      const env = { ...process.env, ...tokens };
      const { stdout } = await promisify(execFile)('/bin/sh', ['-c', words], { env }).catch((error) => error);
      const [, body = '', status = ''] = /^([\s\S]*)\n(\d{3})$/.exec(stdout) ?? [];
      const [, reason] = Object.entries(REFUSED).find(([part]) => call.includes(part)) ?? [];
      if (reason === undefined) expect(Number(status), body).to.be.within(200, 202);
      else expect(JSON.parse(body).reason, body).to.equal(reason);
    });
  }
});
