import { expect } from 'chai';
import type { CellView } from '../../../actors/cells.ts';
import type { Federation } from '../../../actors/federation.ts';
import { CATALOG } from '../../../bus/catalog.ts';
import { id } from '../../../bus/identity.ts';
import {
  type Address,
  askSubject,
  EVERY_SHARED,
  factSubject,
  inboxOf,
  journalSubject,
  KINDS,
  type Kind,
  LEDGER_SUBJECT,
  leasesUnder,
  resumeSubject,
} from '../../../bus/subjects.ts';
import { answerAsks } from '../../../infra/gateway/asks.ts';
import { ASKS, type AskRule, CELLS, ruleOfAsk, type Verb } from '../../../infra/http/message-roles.ts';
import { permissionsOf } from '../../../infra/nats/accounts.ts';
import { CALLERS, type Caller, covers, RANK, tokenFor } from '../../fakes/callers.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const VERBS = Object.keys(ASKS) as Verb[];
const WHY = { trigger: 'test', text: 'for the test' };
/** What a cell of any kind knows: it is about cam_001, or somebody else's session of it. */
const CONTEXT = {
  ...{ camera: 'cam_001', cameras: ['cam_001'], zone: 'hcm/center', settings: { zone: 'hcm/center' } },
  ...{ subject: { sub: 'zoe' }, about: { kind: 'camera', id: 'cam_001' }, raisedAt: 1, why: WHY },
  grants: { roles: [], subjects: [] },
};
const BODIES: Record<Verb, unknown> = {
  view: null,
  close: null,
  declare: { cameras: ['cam_001'], reason: 'smoke' },
  renew: { minutes: 5 },
  acknowledge: {},
  poster: null,
  intake: null,
  written: { intake: 'intake-1', source: '0' },
  leg: { leg: 'a' },
  audience: { seat: 'hls' },
  offer: { event: { type: 'said' } },
  create: { event: { type: 'said' } },
};

/** What the table promises, worked out anew: the reason of the refusal, or that it is answered. */
function promised(kind: Kind, verb: Verb, caller: NonNullable<Caller>): string {
  const rows: readonly AskRule[] = ASKS[verb];
  const row = rows.find(({ kinds }) => kinds.includes(kind));
  if (!row) return 'unknown';
  if (row.who === 'gateway') return 'type';
  if (RANK[caller.role] < RANK[row.who]) return 'role';
  const operates = RANK[caller.role] >= RANK.operator;
  if (verb !== 'view') return covers(caller) && operates ? 'answered' : 'not-yours';
  const sight = CELLS[kind];
  if (sight === 'operator') return operates ? 'answered' : 'not-yours';
  const watches = sight === 'watch' || sight === 'concerned' || sight === 'alarm';
  return covers(caller) && (watches || operates) ? 'answered' : 'not-yours';
}

describe('asks over the bus: who may ask what', () => {
  let gateway: FakeGateway;
  let done: string[];
  let answering: { close(): void };

  const viewOf = ({ kind, id }: Address): CellView => ({
    ...{ kind, id, since: 1, why: WHY, context: CONTEXT },
    ...(kind === 'alarm' ? { state: 'raised', tags: [] } : { state: 'active', tags: ['open'] }),
  });
  /** Cells of every kind, all called cam_001, that only remember what was done to them. */
  const house = () => {
    const act = (how: string) => async (to: Address, event: { type: string }) => {
      done.push(`${how} ${to.kind} ${event.type}`);
      return { view: viewOf(to), receipt: { seq: 1 }, said: [] };
    };
    const cells = {
      view: (at: Address) => (at.id === 'cam_001' ? viewOf(at) : undefined),
      list: (kind: Kind) => (kind === 'camera' ? [viewOf({ kind, id: id('cam_001') })] : []),
      livesElsewhere: () => false,
      belongsHere: () => true,
      has: () => true,
      offer: act('offer'),
      create: act('create'),
    };
    return cells as unknown as Federation;
  };
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the bus
  const ask = (kind: Kind, verb: string, token: string, name = 'cam_001'): Promise<any> => {
    const body = Object.hasOwn(BODIES, verb) ? BODIES[verb as Verb] : null;
    return gateway.house.store.bus.ask({ to: { kind, id: id(name) }, verb, token, body }, 1_000);
  };

  beforeEach(async () => {
    gateway = await fakeGateway();
    done = [];
    const cells = house();
    answering = await answerAsks({
      bus: gateway.house.store.bus,
      cells,
      roster: cells as never,
      gate: gateway.services.gate,
      poster: () => ({ jpeg: new Uint8Array([1]), at: 1 }),
      intake: () => ({ intake: 'intake-1', why: WHY }),
      written: async () => ({ room: { takesWrites: true } }),
      leg: async () => ({ etag: '"a"' }),
      audience: () => ({ ago_ms: 1 }),
      config: () => gateway.services.config,
    });
  });
  afterEach(async () => {
    answering.close();
    await gateway.close();
  });

  for (const verb of VERBS) {
    it(`${verb}: of every kind by whom the table names, and by nobody else`, async () => {
      const { gate } = gateway.services;
      for (const kind of KINDS) {
        for (const [who, caller] of Object.entries(CALLERS)) {
          for (const ofProgram of [false, true]) {
            const about = `${who}${ofProgram ? ' by service token' : ''}: ${verb} of ${kind}`;
            done = [];
            const token = caller ? tokenFor(gateway, caller, ofProgram) : '';
            const expected = caller ? promised(kind, verb, caller) : undefined;
            // A gateway's token is signed; what is no such thing at all is told so.
            const isSigned = caller && !(ofProgram && expected === 'type');
            const reason = isSigned ? expected : 'malformed';
            const answer = await ask(kind, verb, token);
            if (expected === 'answered') expect(answer, about).to.not.have.property('error');
            else expect(answer.reason, about).to.equal(reason);
            // Who is refused has done nothing, and only looking does nothing either.
            if (expected !== 'answered' || verb === 'view') expect(done, about).to.deep.equal([]);
            else expect(done, about).to.have.length(1);
          }
        }
        const among = await ask(kind, verb, gate.mintGateway('gw-2', 60));
        if (ruleOfAsk(kind, verb)?.who === 'gateway')
          expect(among, `a gateway: ${verb} of ${kind}`).to.not.have.property('error');
        else expect(among.reason, `a gateway: ${verb} of ${kind}`).to.equal('type');
        const stream = gate.mintStream({ sub: 'zoe', session: id('cam_001'), camera: id('cam_001') }, 60);
        expect((await ask(kind, verb, stream)).reason, `a stream token: ${verb} of ${kind}`).to.equal('type');
      }
    });
  }

  it('lets people see and end their own session, whatever else they may', async () => {
    const zoe = gateway.token({ sub: 'zoe', zones: ['hanoi/*'] });
    expect(await ask('viewer', 'view', zoe)).to.include({ kind: 'viewer' });
    expect(await ask('viewer', 'close', zoe)).to.include({ id: 'cam_001' });
    expect(done).to.deep.equal(['offer viewer viewer.revoked']);
  });

  it('tells who may not know of a cell the same as who asks for one that is not there', async () => {
    const stranger = gateway.token({ sub: 'vic', zones: ['hanoi/*'] });
    const operator = gateway.token({ sub: 'otto', role: 'operator', zones: ['hanoi/*'] });
    for (const kind of KINDS) {
      expect(await ask(kind, 'view', stranger), kind).to.deep.equal(await ask(kind, 'view', stranger, 'none'));
      for (const verb of ['close', 'renew', 'acknowledge', 'declare']) {
        const [there, none] = [await ask(kind, verb, stranger), await ask(kind, verb, stranger, 'none')];
        expect(there, `${verb} of ${kind}`).to.deep.equal(none);
      }
    }
    expect((await ask('incident', 'view', operator)).reason).to.equal('not-yours');
  });

  it('answers no verb without a row, whoever asks', async () => {
    expect(Object.keys(BODIES).sort()).to.deep.equal([...VERBS].sort());
    const admin = tokenFor(gateway, CALLERS['an administrator'], false);
    for (const kind of KINDS) {
      for (const verb of ['erase', 'promote', 'has-own-property']) {
        expect(await ask(kind, verb, admin), verb).to.include({ reason: 'unknown' });
      }
    }
    expect(done).to.deep.equal([]);
  });
});

/** Whether a subject is among those that a permission names (https://docs.nats.io/nats-concepts/subjects). */
function isIn(permission: string, subject: string): boolean {
  const wanted = permission.split('.');
  const given = subject.split('.');
  const fits = wanted.every((token, n) => (token === '>' ? given.length > n : token === '*' || token === given[n]));
  return fits && (wanted.at(-1) === '>' || wanted.length === given.length);
}

describe('facts over NATS: who hears what', () => {
  const cameras = [id('cam_001')];
  const READERS = {
    'a reader of everything': permissionsOf({ name: 'wall' }),
    'a reader of one camera': permissionsOf({ name: 'gate', cameras }),
    'a reader of none at the moment': permissionsOf({ name: 'none', cameras: [] }),
  };
  const named = new Set(['camera', 'rendition', 'recording', 'ptz', 'sound']);

  for (const [who, { publish, subscribe }] of Object.entries(READERS)) {
    it(`${who} hears facts alone, and says nothing that anybody hears`, () => {
      const hears = (subject: string) => subscribe.some((permission) => isIn(permission, subject));
      const says = (subject: string) => publish.some((permission) => isIn(permission, subject));
      for (const kind of KINDS) {
        for (const name of ['cam_001', 'cam_002']) {
          const at = { kind, id: id(name) };
          for (const type of CATALOG[kind].types) {
            const subject = factSubject(at, type.split('.')[1] ?? '');
            const isTheirs = who === 'a reader of one camera' && name === 'cam_001' && named.has(kind);
            const expected = who === 'a reader of everything' || isTheirs;
            expect(hears(subject), subject).to.equal(expected);
            expect(says(subject), subject).to.equal(false);
            const again = subject.replace('.fact.', '.told.');
            expect([hears(again), says(again)], again).to.deep.equal([expected, false]);
          }
          const others = [...VERBS.map((verb) => askSubject(at, verb)), journalSubject(at)];
          for (const subject of others) expect([hears(subject), says(subject)], subject).to.deep.equal([false, false]);
        }
      }
      const rest = [LEDGER_SUBJECT, leasesUnder('gateway'), EVERY_SHARED, '_INBOX.other.1', '>', 'sbx.v1.>'];
      const streams = ['SIGNALBOX_JOURNAL', 'SIGNALBOX_LEDGER', 'KV_signalbox_shared'].flatMap((name) =>
        ['STREAM.INFO', 'STREAM.MSG.GET', 'STREAM.PURGE', 'STREAM.DELETE', 'DIRECT.GET'].map(
          (verb) => `$JS.API.${verb}.${name}`,
        ),
      );
      const verbs = [
        'STREAM.PURGE',
        'STREAM.DELETE',
        'STREAM.UPDATE',
        'STREAM.MSG.DELETE',
        'STREAM.MSG.GET',
        'DIRECT.GET',
      ];
      const facts = [
        ...[...verbs, 'STREAM.INFO', 'CONSUMER.CREATE'].map((verb) => `$JS.API.${verb}.SIGNALBOX_FACTS`),
        `$JS.API.DIRECT.GET.SIGNALBOX_FACTS.${factSubject({ kind: 'camera', id: id('cam_001') }, 'live')}`,
        ...['CREATE', 'MSG.NEXT', 'INFO', 'DELETE'].map((verb) => `$JS.API.CONSUMER.${verb}.SIGNALBOX_FACTS.one`),
        ...['$JS.API.INFO', '$JS.ACK.SIGNALBOX_FACTS.one', '$JS.FC.SIGNALBOX_FACTS.one'],
      ];
      const askers = ['wall', 'gate', 'none', 'other'];
      const own = askers.filter((name) => says(resumeSubject(name)));
      expect(own, 'asks under its own name alone').to.have.length(1);
      expect(subscribe, 'is answered in its own inbox alone').to.include(`${inboxOf(own[0] ?? '')}.>`);
      const inboxes = askers.filter((name) => !own.includes(name)).map((name) => `${inboxOf(name)}.1`);
      for (const subject of [...rest, ...streams, ...facts, ...inboxes, ...askers.map(resumeSubject)]) {
        const isAsk = own.map(resumeSubject).includes(subject);
        expect([hears(subject), says(subject)], subject).to.deep.equal([false, isAsk]);
      }
    });
  }
});
