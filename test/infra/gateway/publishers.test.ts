import { expect } from 'chai';
import { networkOf } from '../../../adapters/publishers.mediamtx.ts';
import type { PublishedBy } from '../../../bus/events/camera.ts';
import { markOf, parsePublisher, publisherBy, publisherName } from '../../../bus/publisher.ts';
import { endOf } from '../../../infra/gateway/publishers.ts';

describe('who publishes', () => {
  it('is read back from the name that an intake lists, whatever a person is called', () => {
    for (const sub of ['omar', 'oidc:anna@example.com', 'a~b~c', 'svc_1']) {
      for (const jti of [undefined, 'one', 'd2f7a9f0-6a9f-4f4b-a9b3-0f1c2d3e4f50']) {
        const login = { sub, iat: 1_796_000_000.123, ...(jti === undefined ? {} : { jti }) };
        const mark = jti === undefined ? {} : { mark: markOf(jti) };
        expect(parsePublisher(publisherName(publisherBy(login)))).to.deep.equal({
          sub,
          iat: 1_796_000_000.123,
          ...mark,
        });
      }
    }
    for (const other of ['', 'switcher', '~1~', 'omar~1']) expect(parsePublisher(other), other).to.equal(undefined);
  });

  it('is told by the kind of its network alone', () => {
    const kinds = ['127.0.0.1:1234', '[::1]:9', '10.1.2.3:80', '[fd00::1]:1', '203.0.113.7:5', '2001:db8::7', 'pipe'];
    expect(kinds.map(networkOf)).to.deep.equal([
      ...['this-machine', 'this-machine', 'private', 'private', 'public', 'public', 'unknown'],
    ]);
  });

  it('no more is told with its cause: taken back before replaced, replaced before left', () => {
    const who: PublishedBy = { id: 'c', person: 'omar', protocol: 'srt', network: 'public', since: 1, iat: 1 };
    const ends = [true, false].flatMap((hit) => [true, false].map((replaced) => endOf(who, replaced, () => hit)));
    expect(ends).to.deep.equal(['revoked', 'revoked', 'replaced', 'left']);
  });
});
