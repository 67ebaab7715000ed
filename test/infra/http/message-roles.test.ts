import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { CATALOG } from '../../../bus/catalog.ts';
import { wrap } from '../../../bus/envelope.ts';
import { id } from '../../../bus/identity.ts';
import { KINDS, type Kind } from '../../../bus/subjects.ts';
import { mayHear } from '../../../infra/http/hearing.ts';
import { CELLS, SAYS, type Sight, sightOfFact } from '../../../infra/http/message-roles.ts';
import { playerSays } from '../../../infra/http/messages.ts';
import {
  CALLERS,
  type Caller,
  covers,
  RANK,
  shown,
  TRANSPORTS,
  type Transport,
  tokenFor,
} from '../../fakes/callers.ts';
import { readEvents } from '../../fakes/event-stream.ts';
import { type FakeGateway, fakeGateway, OFFER } from '../../fakes/http.ts';
import { connectPlayer, type FakePlayer } from '../../fakes/player.ts';
import { until } from '../../fixtures/process.ts';

const FACTS = KINDS.flatMap((kind) => CATALOG[kind].types.map((type) => ({ kind, type })));
/** What each is about: cam_001, and somebody else's session of it. */
const DATA = {
  ...{ camera: 'cam_001', cameras: ['cam_001'], zone: 'hcm/center', subject: 'zoe' },
  about: { kind: 'camera', id: 'cam_001' },
};

/** What the table promises, worked out anew. */
function sees(sight: Sight | undefined, caller: NonNullable<Caller>): boolean {
  if (sight === undefined) return false;
  if (sight === 'operator') return RANK[caller.role] >= RANK.operator;
  const watches = sight === 'watch' || sight === 'concerned' || sight === 'alarm';
  return covers(caller) && (watches || RANK[caller.role] >= RANK.operator);
}

/** Event filters: a question, and which of the facts pass it. */
const FILTERS: Record<string, { query: string; lets(kind: Kind): boolean }> = {
  after: { query: 'after=0', lets: () => true },
  types: { query: 'types=camera,relay.*,viewer.ended', lets: (kind) => kind === 'camera' || kind === 'relay' },
  cameras: { query: 'cameras=cam_001', lets: (kind) => kind !== 'relay' && kind !== 'incident' },
  zones: { query: 'zones=hcm/*', lets: (kind) => kind !== 'relay' && kind !== 'incident' },
};

describe('http: who is told what', () => {
  let gateway: FakeGateway;
  const open: (() => void)[] = [];

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    for (const close of open.splice(0)) close();
    await gateway.close();
  });

  const told = () => gateway.house.store.told();
  /** Ids of the events that somebody is told, as they come; undefined where the door stays shut, with the status. */
  const over = {
    async SSE(query: string, headers: Record<string, string>) {
      const url = `/api/v1/events?${query}`;
      const answer = await gateway.server.inject({ url, headers, payloadAsStream: true });
      const stream = readEvents(answer.stream());
      open.push(stream.close);
      return { status: answer.statusCode, ids: () => stream.facts().map(({ data }) => data.id as string) };
    },
    async WebSocket(query: string, headers: Record<string, string>) {
      const ids: string[] = [];
      const connecting = gateway.server.injectWS(`/api/v1/events?${query}`, {
        headers: { host: 'localhost:8080', ...headers },
      });
      const socket: WebSocket | number = await connecting.catch((error: Error) => Number(/\d{3}/.exec(error.message)));
      if (typeof socket === 'number') return { status: socket, ids: () => ids };
      open.push(() => socket.terminate());
      socket.on('message', (data) => {
        const event = JSON.parse(data.toString());
        if (event.id) ids.push(event.id);
      });
      // Facts that are told before it is heard count, too.
      socket.send(JSON.stringify(query === FILTERS.after?.query ? {} : { after: told().at(-1)?.seq }));
      return { status: 200, ids: () => ids };
    },
  };
  const tell = (name: string, kind: Kind, type: string, data: object = DATA) =>
    gateway.house.store.facts.tell(
      wrap({ id: name, type, at: Date.now(), data: { ...data } }, { kind, id: id('cam_001') }, 'gw-1', 1),
    );

  for (const [way, begin] of Object.entries(over)) {
    for (const [filter, { query, lets }] of Object.entries(FILTERS)) {
      it(`events over ${way}, asked with ${filter}: each fact to whom the table names, and to nobody else`, async () => {
        const callers = Object.entries(CALLERS).flatMap(([who, caller]) =>
          (caller ? TRANSPORTS : (['bearer'] as const)).map((transport) => ({ who, caller, transport })),
        );
        const streams: { about: string; caller: NonNullable<Caller>; end: string; ids(): string[] }[] = [];
        for (const { who, caller, transport } of callers) {
          const about = `${who} by ${transport} over ${way} with ?${query}`;
          const headers = shown(gateway, caller, transport as Transport);
          const { status, ids } = await begin(query, headers);
          expect(status, about).to.equal(caller ? 200 : 401);
          if (!caller) continue;
          const token =
            Object.values(headers)
              .join(' ')
              .match(/sbs_[\w-]+|eyJ[\w.-]+/)?.[0] ?? '';
          const { sub } = await gateway.services.gate.verifyLogin(token);
          streams.push({ about, caller, end: sub, ids });
        }
        for (const { kind, type } of FACTS) await tell(type, kind, type);
        // What is told last is about everybody's own session: behind it nothing is on its way any more.
        for (const sub of new Set(streams.map(({ end }) => end))) {
          await tell(`end-of-${sub}`, 'viewer', 'viewer.ended', { ...DATA, subject: sub });
        }
        for (const { about, caller, end, ids } of streams) {
          await until(`the end for ${about}`, () => ids().includes(`end-of-${end}`));
          const due = FACTS.filter(({ kind, type }) => {
            const passes = lets(kind) || (filter === 'types' && type === 'viewer.ended');
            return passes && sees(sightOfFact(type), caller);
          });
          const heard = ids().filter((name) => FACTS.some(({ type }) => type === name));
          expect(heard, about).to.deep.equal(due.map(({ type }) => type));
        }
      });
    }
  }

  it('has a row for every kind of fact and every filter, and tells nobody what has none', async () => {
    expect(Object.keys(CELLS).sort()).to.deep.equal([...KINDS].sort());
    for (const { type } of FACTS) expect(sightOfFact(type), type).to.be.a('string');
    const { paths } = (await gateway.server.inject({ url: '/openapi.json' })).json();
    const filters = paths['/api/v1/events'].get.parameters.map(({ name }: { name: string }) => name);
    expect(filters.sort(), 'a filter without a row in FILTERS').to.deep.equal(Object.keys(FILTERS).sort());
    const admin = { sub: 'anna', role: 'admin' as const, cameras: [], zones: ['*'], iat: 0, exp: 0 };
    const secret = { type: 'signalbox.secret.told', subject: 'secret/cam_001', data: DATA };
    expect(mayHear(admin, secret as never, () => undefined)).to.equal(false);
  });
});

/** A good message of each type. */
const GOOD: { [T in keyof typeof playerSays]: object } = {
  hello: { stream_token: 'none' },
  offer: { leg: 'a', sdp: OFFER },
  opened: { leg: 'a', relay: 'relay-1', relay_session: '00000000-0000-4000-8000-000000000000' },
  candidate: { leg: 'a', candidate: '' },
  stats: { leg: 'a', fps: 30, busy_ms: 4 },
  playing: { leg: 'a' },
  renew: { token: 'none' },
  close: { leg: 'a' },
};
const MESSAGES = Object.keys(playerSays) as (keyof typeof playerSays)[];

describe('http: who may say what over the signalling', () => {
  let gateway: FakeGateway;
  const players: FakePlayer[] = [];
  const vera = CALLERS['a viewer of the camera'];

  const connect = async (camera = 'cam_001'): Promise<FakePlayer> => {
    const player = await connectPlayer(gateway, camera);
    players.push(player);
    return player;
  };
  const admit = async (camera = 'cam_001') => {
    const headers = shown(gateway, CALLERS['an administrator'], 'bearer');
    const own = camera === 'cam_001' ? shown(gateway, vera, 'bearer') : headers;
    return (await gateway.server.inject({ url: `/live/${camera}/webrtc`, headers: own })).json();
  };
  const greeted = async () => {
    const granted = await admit();
    const player = await connect();
    player.say({ type: 'hello', stream_token: granted.stream_token });
    await player.told('welcome');
    return { player, granted };
  };
  const sessions = () => gateway.house.roster.list('viewer').map(({ state, context }) => ({ state, context }));

  beforeEach(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/center');
  });
  afterEach(async () => {
    for (const { socket } of players.splice(0)) socket.terminate();
    await gateway.close();
  });

  it('has a row for every message', () => {
    expect(Object.keys(SAYS).sort()).to.deep.equal([...MESSAGES].sort());
    expect(Object.keys(GOOD).sort()).to.deep.equal([...MESSAGES].sort());
  });

  for (const type of MESSAGES) {
    const needs = SAYS[type];
    const message = { type, ...GOOD[type] };

    if (needs === 'stream token') {
      it(`${type}: with the stream token of the camera, and no other token of anybody`, async () => {
        await gateway.camera('cam_002', 'hcm/center');
        const { gate } = gateway.services;
        const { session_id, stream_token } = await admit();
        const of = { session: session_id, camera: id('cam_001') };
        const publisher = { sub: 'olga', role: 'operator' } as never;
        const logins = Object.entries(CALLERS).flatMap(([who, caller]) =>
          caller
            ? [
                [`the login token of ${who}`, tokenFor(gateway, caller, false)] as const,
                [`a service token with the rights of ${who}`, tokenFor(gateway, caller, true)] as const,
              ]
            : [],
        );
        const wrong = [
          ...logins,
          ['a stream token of another camera', (await admit('cam_002')).stream_token],
          ['a stream token of no session', gate.mintStream({ ...of, sub: 'vera', session: id('ses_none') }, 60)],
          ['a stream token that has run out', gate.mintStream({ ...of, sub: 'vera' }, -60)],
          ['a standby token', gate.mintStandby({ session: session_id, relay: 'relay-1' }, 60)],
          ['a publisher’s token', gate.mintPublisher(publisher, 'in/cam_001/0', 60)],
          ['a gateway’s token', gate.mintGateway('gw-1', 60)],
          ['nothing to speak of', 'none'],
        ] as const;
        for (const [what, token] of wrong) {
          const player = await connect();
          player.say({ ...message, stream_token: token });
          expect((await player.told('end')).reason, what).to.match(/^(token-|other-camera$|unknown-session$)/);
          await player.closed();
          expect(
            player.heard.map((one) => one.type),
            what,
          ).to.deep.equal(['end']);
        }
        const player = await connect();
        player.say({ ...message, stream_token });
        await player.told('welcome');
      });
      continue;
    }

    it(`${type}: by nobody before hello`, async () => {
      await admit();
      const before = sessions();
      const player = await connect();
      player.say(message);
      const refused = await until('the refusal', () => player.heard[0]);
      expect(refused).to.include({ type: type === 'offer' ? 'refused' : 'error', reason: 'hello-first' });
      await player.closed();
      expect(sessions()).to.deep.equal(before);
      expect(gateway.whep.opened).to.deep.equal([]);
    });

    it(`${type}: not once the session is over, though the player keeps its end of the connection open`, async () => {
      const { player, granted } = await greeted();
      // It does not read the goodbye, and so does not answer it either.
      player.socket.pause();
      await gateway.server.inject({
        method: 'DELETE',
        url: `/api/v1/sessions/${granted.session_id}`,
        headers: shown(gateway, CALLERS['an administrator'], 'bearer'),
      });
      const before = sessions();
      player.say(type === 'renew' ? { ...message, token: tokenFor(gateway, vera, false) } : message);
      player.socket.resume();
      await player.closed();
      expect(sessions()).to.deep.equal(before);
      expect(gateway.whep.opened).to.deep.equal([]);
    });

    if (needs === 'session') {
      it(`${type}: on the connection that said hello`, async () => {
        const { player } = await greeted();
        player.say(message);
        player.say({ type: 'renew', token: tokenFor(gateway, vera, false) });
        await player.told('renewed');
        const refused = player.heard.filter(({ reason }) => ['hello-first', 'ended', 'bad-message'].includes(reason));
        expect(refused).to.deep.equal([]);
      });
    } else {
      it(`${type}: with a login token of the person whose session it is, while they may watch the camera`, async () => {
        const { player, granted } = await greeted();
        const wrong = [
          ...Object.entries(CALLERS).flatMap(([who, caller]) =>
            caller && caller !== vera ? [[who, tokenFor(gateway, caller, false), 'not-yours'] as const] : [],
          ),
          ['a program of the same name', tokenFor(gateway, vera, true), 'not-yours'],
          ['the same person without the camera', gateway.token({ sub: 'vera', zones: ['hanoi/*'] }), 'not-yours'],
          ['the stream token', granted.stream_token, 'type'],
          ['nothing to speak of', 'none', 'malformed'],
        ] as const;
        for (const [who, token, reason] of wrong) {
          const from = player.heard.length;
          player.say({ ...message, token });
          const told = await until(who, () => player.heard.slice(from).find((one) => one.type === 'error'));
          expect(told.reason, who).to.equal(reason);
        }
        player.say({ ...message, token: tokenFor(gateway, vera, false) });
        await player.told('renewed');
      });
    }
  }
});
