import { expect } from 'chai';
import fc from 'fast-check';
import { landing } from '../../../infra/http/landing.ts';

describe('landing after a sign-in', () => {
  it('leads to the wall, camera or moment that was asked for, without what the sign-in said', () => {
    expect(landing('/?layout=lay_1')).to.equal('/?layout=lay_1');
    expect(landing('/?login=secret&layout=lay_1')).to.equal('/?layout=lay_1');
    expect(landing('/?refused=state&layout=lay_1#/camera/cam_001')).to.equal('/?layout=lay_1#/camera/cam_001');
    expect(landing('/?layout=lay_1', 'no-rights')).to.equal('/?layout=lay_1&refused=no-rights');
  });

  it('leads to the front where something else was asked for', () => {
    for (const elsewhere of [
      'https://evil.example.com/?layout=lay_1',
      '//evil.example.com',
      '/\\evil.example.com',
      '/\t/evil.example.com',
      '\\\\evil.example.com',
      'javascript:alert(1)',
      '/api/v1/login/oidc/end',
      '/..//evil.example.com',
      '/?layout=lay_1'.padEnd(2_000, 'x'),
      undefined,
      ['/?layout=lay_1'],
    ]) {
      expect(landing(elsewhere), String(elsewhere)).to.equal('/');
    }
  });

  it('never leads away from here, whatever was asked for', () => {
    const here = 'https://stream.example.com';
    const part = fc.constantFrom('/', '\\', '//', '@', ':', 'evil.com', '?', '#', '..', '\t', '\n', '%2f', 'https:');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (asked) => {
          const to = landing(asked);
          expect(to).to.match(/^\/($|[?#])/);
          expect(new URL(to, here).origin).to.equal(here);
        },
      ),
    );
  });
});
