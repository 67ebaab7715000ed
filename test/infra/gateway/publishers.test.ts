import { expect } from 'chai';
import { pino } from 'pino';
import type { CellView } from '../../../actors/cells.ts';
import { RelayAway } from '../../../adapters/mediamtx/exchange.ts';
import type { Mediamtx } from '../../../adapters/mediamtx.ts';
import { networkOf } from '../../../adapters/publishers.mediamtx.ts';
import type { PublishedBy } from '../../../bus/events/camera.ts';
import { id } from '../../../bus/identity.ts';
import { markOf, parsePublisher, publisherBy, publisherName } from '../../../bus/publisher.ts';
import { endOf, watchPublishers } from '../../../infra/gateway/publishers.ts';
import { until } from '../../fixtures/process.ts';

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

/** Intakes at which the test says who publishes, and a camera that is at one of them. */
function stage({ sources = ['publish:'], at = 'a' } = {}) {
  const there: Record<string, Record<string, { source: string; since: number }> | 'away'> = { a: {}, b: {} };
  const states: Record<string, string> = { a: 'serving', b: 'serving' };
  const done: string[] = [];
  const misplaced: object[] = [];
  let looks = 0;
  let intake = at;
  const camera: { publishers: Record<string, PublishedBy> } = { publishers: {} };
  const context = () => ({ settings: { sources: sources.map((url, n) => ({ id: `${n}`, url })) }, ...camera });
  const standing = (relay: string) => {
    const found = there[relay];
    if (!found || found === 'away') throw new RelayAway(`relay ${relay} does not answer`);
    return found;
  };
  const api = (relay: string) =>
    ({
      relay,
      async paths() {
        looks += 1;
        return Object.entries(standing(relay)).map(([name, { source }]) => ({
          ...{ name: `in/gate/${source}`, source: { type: 'rtmpConn', id: name } },
        }));
      },
      session: async (_kind: string, name: string) => ({
        ...{ id: name, user: publisherName({ sub: name, iat: 1 }), remoteAddr: '10.0.0.1:1' },
        created: new Date(standing(relay)[name]?.since ?? 0).toISOString(),
      }),
      async kick(_kind: string, name: string) {
        done.push(`${name} is cut`);
        delete standing(relay)[name];
        return true;
      },
    }) as unknown as Mediamtx;
  const why = { trigger: 'test', text: 'so' };
  const cells = {
    view: ({ id: name }: { id: string }) => ({ state: states[name] }) as CellView,
    list: () => [{ kind: 'camera', id: id('gate'), state: 'live', tags: [], since: 0, why, context: context() }],
    async offer(_at: object, event: { type: string; source: string; publisher?: PublishedBy; reason?: string }) {
      if (event.type === 'publisher.misplaced') return void misplaced.push(event);
      const { [event.source]: before, ...others } = camera.publishers;
      const who = event.publisher;
      camera.publishers = who ? { ...others, [event.source]: who } : others;
      done.push(who ? `${who.person} came` : `${before?.person} ${event.reason}`);
    },
  };
  const watch = watchPublishers({
    apis: () => ['a', 'b'].map(api),
    intakes: { of: () => intake, isWanted: (name) => states[name] === 'serving' },
    async follow(_camera, from, { intake: to = '' }) {
      done.push(`from ${from} to ${to}`);
      intake = to;
    },
    cells: cells as never,
    has: () => true,
    revoked: () => false,
    log: pino({ level: 'silent' }),
  });
  const looked = () => {
    const enough = looks + 4;
    return until('two more looks', () => looks >= enough, 5_000);
  };
  return { there, states, done, misplaced, looked, close: watch.close };
}

describe('publishers at several intakes', () => {
  const publish = (at: ReturnType<typeof stage>['there'], intake: string, name: string, since: number) => {
    (at[intake] as Record<string, object>)[name] = { source: '0', since };
  };

  it('are followed where nobody publishes at the camera’s own, and known by name then', async () => {
    const { there, done, close } = stage();
    publish(there, 'b', 'omar', 1);
    await until('it to be known', () => done.includes('omar came'), 5_000);
    expect(done).to.deep.equal(['from a to b', 'omar came']);
    close();
  });

  it('are cut where another one publishes at the camera’s own', async () => {
    const { there, done, misplaced, looked, close } = stage();
    publish(there, 'a', 'omar', 2);
    await until('the first to be known', () => done.includes('omar came'), 5_000);
    publish(there, 'b', 'mai', 1);
    await until('the second to be cut', () => done.includes('mai is cut'), 5_000);
    await looked();
    expect(done).to.deep.equal(['omar came', 'mai is cut']);
    expect(misplaced).to.have.length(1);
    expect(misplaced[0]).to.deep.include({
      source: '0',
      intake: 'b',
      own: 'a',
      because: 'a has its publisher already',
    });
    expect(misplaced[0]).to.have.nested.property('publisher.person', 'mai');
    // Encoders come again at once, and again.
    publish(there, 'b', 'mai', 3);
    await until('it to be cut again', () => done.filter((one) => one === 'mai is cut').length > 1, 5_000);
    await looked();
    expect(misplaced, 'told once').to.have.length(1);
    close();
  });

  it('take over where the newest wins: the picture goes there first, then the older one is cut', async () => {
    const { there, done, misplaced, close } = stage({ sources: ['publish:takeover'] });
    publish(there, 'a', 'omar', 1);
    await until('the first to be known', () => done.includes('omar came'), 5_000);
    publish(there, 'b', 'mai', 2);
    await until('the first to be cut', () => done.includes('omar is cut'), 5_000);
    await until('the second to be known', () => done.includes('mai came'), 5_000);
    expect(done.slice(1, 3)).to.deep.equal(['from a to b', 'omar is cut']);
    expect(misplaced, 'the first one was where it belonged').to.deep.equal([]);
    close();
  });

  it('are known to be gone though another intake, or the machine that it runs on, does not answer', async () => {
    for (const trouble of ['away', 'dead']) {
      const { there, states, done, close } = stage();
      publish(there, 'a', 'omar', 1);
      await until('them to be known', () => done.includes('omar came'), 5_000);
      if (trouble === 'away') there.b = 'away';
      else states.b = 'dead';
      there.a = {};
      await until('them to be known as gone', () => done.includes('omar left'), 5_000);
      close();
    }
  });

  it('are not said to be gone while their own intake does not answer', async () => {
    const { there, done, looked, close } = stage();
    publish(there, 'a', 'omar', 1);
    await until('them to be known', () => done.includes('omar came'), 5_000);
    there.a = 'away';
    await looked();
    expect(done).to.deep.equal(['omar came']);
    close();
  });
});
