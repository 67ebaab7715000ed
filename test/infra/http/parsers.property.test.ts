import { expect } from 'chai';
import fc from 'fast-check';
import { BadId, id, isId } from '../../../bus/identity.ts';
import { Refusal } from '../../../infra/http/errors.ts';
import { iceLinks, turnCredentials } from '../../../infra/http/ice.ts';
import { parsePlayerMessage, playerSays } from '../../../infra/http/messages.ts';
import { hostName } from '../../../infra/http/origin.ts';
import { pageOf } from '../../../infra/http/paging.ts';
import { fragmentOf, parseFragment, parseOffer } from '../../../infra/http/sdp.ts';
import { OFFER } from '../../fakes/http.ts';

/** Runs a parser: what it made of a text, or its refusal; anything else it throws is a bug. */
function outcome<T>(parse: () => T): T | Refusal {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Refusal && error.status >= 400 && error.status < 500) return error;
    throw error;
  }
}

describe('http: what is parsed', () => {
  it('ids: whatever is taken for one is safe as a subject, a key, a path and a file name', () => {
    const almost = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9_.*>/-]{1,70}$/));
    fc.assert(
      fc.property(almost, (text) => {
        if (!isId(text)) {
          expect(() => id(text)).to.throw(BadId);
          return;
        }
        expect(text).to.match(/^[a-z0-9][a-z0-9_-]{0,63}$/);
        expect(text in {}, text).to.equal(false);
        expect(encodeURIComponent(text)).to.equal(text);
      }),
    );
  });

  it('offers: any text is read or refused, never anything else', () => {
    const lines = fc.array(
      fc.oneof(fc.constantFrom(...OFFER.split('\r\n')), fc.string(), fc.string({ unit: 'binary' })),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          lines.map((parts) => parts.join('\r\n')),
        ),
        (text) => void outcome(() => parseOffer(text)),
      ),
    );
    fc.assert(fc.property(fc.string(), (text) => void outcome(() => parseFragment(text))));
  });

  it('offers: a browser may use either line end, and any sane one gives its ICE names', () => {
    for (const text of [OFFER, OFFER.replaceAll('\r\n', '\n')]) {
      expect(parseOffer(text)).to.deep.equal({
        ufrag: 'abcd',
        pwd: 'abcdefghijklmnopqrstuvwx',
        mids: ['0'],
        vp8Alone: false,
        h265: false,
      });
    }
  });

  it('candidates: what is accepted makes a fragment of exactly these lines', () => {
    const candidate = fc.string().map((text) => `candidate:${text}`);
    fc.assert(
      fc.property(candidate, fc.string(), (text, mid) => {
        const message = JSON.stringify({ type: 'candidate', leg: 'a', candidate: text, sdpMid: mid });
        const said = outcome(() => parsePlayerMessage(message));
        if (said instanceof Refusal || said.type !== 'candidate') return;
        const fragment = fragmentOf(parseOffer(OFFER), said.candidate, said.sdpMid ?? '0');
        expect(fragment.split('\r\n')).to.have.length(6);
        parseFragment(fragment);
      }),
    );
  });

  it('messages of players: any text and any JSON is read or refused', () => {
    fc.assert(fc.property(fc.string(), (text) => void outcome(() => parsePlayerMessage(text))));
    fc.assert(fc.property(fc.json(), (text) => void outcome(() => parsePlayerMessage(text))));
    const type = fc.constantFrom(...Object.keys(playerSays), '__proto__', 'constructor');
    const fields = fc.dictionary(
      fc.constantFrom('leg', 'sdp', 'candidate', 'token', 'stream_token', 'fps', 'first_frame_ms'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(type, fields, (said, rest) => {
        const result = outcome(() => parsePlayerMessage(JSON.stringify({ type: said, ...rest })));
        if (!(result instanceof Refusal)) expect(playerSays).to.have.own.property(result.type);
      }),
    );
  });

  it('hosts: a name has neither port nor brackets nor anything else around it', () => {
    fc.assert(fc.property(fc.string(), (text) => /^[^\s@/[\]]*$/.test(hostName(text))));
    expect(['a.b:80', 'A.b', '[::1]:8080', '::1', 'a@b', 'a/b', undefined].map(hostName)).to.deep.equal([
      'a.b',
      'a.b',
      '::1',
      '',
      '',
      '',
      '',
    ]);
  });

  it('TURN user names: nothing in a name breaks the credentials or the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (who) => {
        const { username, credential } = turnCredentials('secret', who, 1_800_000_000_000);
        expect(username).to.match(/^1800000000:[A-Za-z0-9._@-]*$/);
        const [link = ''] = iceLinks([{ urls: ['turn:turn.example.com'], username, credential }]);
        expect(link).to.match(
          /^<turn:turn\.example\.com>; rel="ice-server"; username="[^"]*"; credential="[^"]*"; credential-type="password"$/,
        );
      }),
    );
  });

  it('pages: following the cursor shows everything once, in order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,6}$/)),
        fc.integer({ min: 1, max: 7 }),
        (ids, limit) => {
          const all = ids.map((id) => ({ id }));
          const seen: string[] = [];
          for (let cursor: string | null | undefined; cursor !== null; ) {
            const page = pageOf(all, { limit, ...(cursor === undefined ? {} : { cursor }) });
            seen.push(...page.items.map((item) => item.id));
            cursor = page.next;
          }
          expect(seen).to.deep.equal([...ids].sort());
        },
      ),
    );
  });
});
