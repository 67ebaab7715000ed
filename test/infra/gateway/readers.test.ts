import { expect } from 'chai';
import type { Cells } from '../../../actors/cells.ts';
import { type MemoryStore, memoryStore } from '../../../bus/carriers/memory.ts';
import { CATALOG } from '../../../bus/catalog.ts';
import { wrap } from '../../../bus/envelope.ts';
import { id } from '../../../bus/identity.ts';
import { KINDS, type Kind } from '../../../bus/subjects.ts';
import { answerReaders } from '../../../infra/gateway/readers.ts';
import { OF_A_CAMERA, type ReaderScope, scopeOfReader } from '../../../infra/nats/accounts.ts';

/** An answer to a reader. */
interface Answer {
  items: { id: string; sequence: number }[];
  next: number;
  more: boolean;
  cameras?: string[];
  error?: string;
  reason?: string;
}

describe('readers that ask for what they missed', () => {
  let store: MemoryStore;
  let zones: Record<string, string>;
  let scopes: Record<string, ReaderScope>;

  beforeEach(async () => {
    store = memoryStore();
    zones = { cam_gate: 'hcm/gate', cam_hall: 'hcm/hall' };
    scopes = {
      wall: {},
      gate: { zones: ['hcm/gate'] },
      both: { zones: ['hcm/*'] },
      named: { cameras: [id('cam_hall')] },
      none: { zones: ['hanoi'] },
    };
    const viewOf = (name: string) => ({ id: id(name), tags: [], context: { settings: { zone: zones[name] } } });
    const cells = {
      view: (at: { id: string }) => (at.id in zones ? viewOf(at.id) : undefined),
      list: () => Object.keys(zones).map(viewOf),
    } as unknown as Cells;
    await answerReaders({ readers: store.readers, facts: store.facts, cells, scopeOf: (reader) => scopes[reader] });
  });

  let told = 0;
  const tell = async (camera: string, kind: Kind = 'camera', type = 'camera.live', data: object = {}) => {
    const name = `${camera}-${kind}-${++told}`;
    const about = { camera, cameras: [camera], zone: zones[camera] ?? '', ...data };
    await store.facts.tell(wrap({ id: name, type, at: told, data: about }, { kind, id: id(camera) }, 'gw-1', 1));
    return name;
  };
  const ask = (reader: string, body: object = { after: 0 }) => store.readers.ask(reader, body) as Promise<Answer>;
  const heard = async (reader: string, body?: object) => (await ask(reader, body)).items.map(({ id: name }) => name);

  it('are told the facts of their cameras, by name or by zone, and of no others', async () => {
    const [gate, hall] = [await tell('cam_gate'), await tell('cam_hall')];
    expect(await heard('gate')).to.deep.equal([gate]);
    expect(await heard('named')).to.deep.equal([hall]);
    expect(await heard('both')).to.deep.equal([gate, hall]);
    expect(await heard('wall')).to.deep.equal([gate, hall]);
    expect(await heard('none')).to.deep.equal([]);
  });

  it('are told of every type what NATS lets them hear live, and nothing else', async () => {
    const of = new Map<string, Kind>();
    for (const kind of KINDS) {
      for (const type of CATALOG[kind].types) {
        of.set(await tell('cam_gate', kind, type, { about: { kind: 'camera', id: 'cam_gate' } }), kind);
      }
    }
    const all = [...of.keys()];
    expect(await heard('wall')).to.deep.equal(all);
    expect(await heard('gate')).to.deep.equal(all.filter((name) => OF_A_CAMERA.includes(of.get(name) as Kind)));
  });

  it('are told which cameras they hear now', async () => {
    expect((await ask('gate')).cameras).to.deep.equal(['cam_gate']);
    zones.cam_new = 'hcm/gate';
    delete zones.cam_gate;
    expect((await ask('gate')).cameras).to.deep.equal(['cam_new']);
    expect((await ask('none', {})).cameras).to.deep.equal([]);
    expect(await ask('wall')).to.not.have.property('cameras');
  });

  it('read of a camera that moved only what was told in a zone of theirs while it is in one, as event streams do', async () => {
    const first = await tell('cam_gate');
    zones.cam_gate = 'hcm/hall';
    const second = await tell('cam_gate');
    scopes.hall = { zones: ['hcm/hall'] };
    expect(await heard('gate')).to.deep.equal([]);
    expect(await heard('hall')).to.deep.equal([second]);
    expect(await heard('both')).to.deep.equal([first, second]);
    zones.cam_gate = 'hcm/gate';
    expect(await heard('gate')).to.deep.equal([first]);
    expect(await heard('hall')).to.deep.equal([]);
    // Of a camera that is no more, what was told in their zone stays theirs.
    delete zones.cam_gate;
    expect(await heard('gate')).to.deep.equal([first]);
    expect(await heard('hall')).to.deep.equal([second]);
  });

  it('choose by type, camera and zone among what they may hear', async () => {
    const [gate, hall] = [await tell('cam_gate'), await tell('cam_hall')];
    const recording = await tell('cam_hall', 'recording', 'recording.protected');
    expect(await heard('both', { after: 0, types: ['recording.*'] })).to.deep.equal([recording]);
    expect(await heard('both', { after: 0, cameras: ['cam_gate'] })).to.deep.equal([gate]);
    expect(await heard('both', { after: 0, zones: ['hcm/hall'] })).to.deep.equal([hall, recording]);
    expect(await heard('gate', { after: 0, zones: ['hcm/hall'] })).to.deep.equal([]);
  });

  it('are refused once they are readers no more, and told so', async () => {
    await tell('cam_gate');
    delete scopes.gate;
    expect(await ask('gate')).to.deep.equal({ error: 'Access denied', reason: 'no-reader' });
    expect(await ask('nobody')).to.deep.equal({ error: 'Access denied', reason: 'no-reader' });
  });

  it('are refused what makes no sense, and when the store is away', async () => {
    for (const body of [{ after: -1 }, { after: 'x' }, { before: 1 }, { types: 'camera' }, { cameras: ['>'] }, []]) {
      expect((await ask('gate', body)).reason, JSON.stringify(body)).to.equal('bad-request');
    }
    const gone = memoryStore();
    const away = { ...gone.facts, range: () => gone.facts.range() };
    await answerReaders({ readers: gone.readers, facts: away, cells: {} as Cells, scopeOf: () => ({}) });
    const asking = gone.readers.ask('wall', {});
    gone.set('away');
    expect(await asking).to.include({ reason: 'journal-away' });
  });

  it('are slowed down by themselves when they ask too often', async () => {
    const reasons = await Promise.all(Array.from({ length: 30 }, async () => (await ask('gate', {})).reason));
    expect(reasons.filter((reason) => reason === undefined)).to.have.length.within(20, 21);
    expect(reasons.at(-1)).to.equal('too-many');
    expect(await ask('both', {})).to.include({ more: false });
  });
});

describe('whose facts a reader hears', () => {
  it('is said by the configuration, and by nothing that objects have by nature', () => {
    const natsReaders = { hall: { zones: ['hcm/hall'] } };
    expect(scopeOfReader({ nats: 'embedded', natsReaders }, 'hall')).to.deep.equal({ zones: ['hcm/hall'] });
    expect(scopeOfReader({ nats: 'embedded', natsReaders }, 'tostring')).to.equal(undefined);
    expect(scopeOfReader({ nats: 'embedded', natsReaders }, 'constructor')).to.equal(undefined);
  });

  it('is everything for the reader that each nats-server that is run here has, and only there', () => {
    expect(scopeOfReader({ nats: 'embedded', natsReaders: {} }, 'reader')).to.deep.equal({});
    expect(scopeOfReader({ nats: { servers: [] }, natsReaders: {} }, 'reader')).to.equal(undefined);
  });
});
