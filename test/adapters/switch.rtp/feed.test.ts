import { expect } from 'chai';
import fc from 'fast-check';
import { LATE_MS } from '../../../adapters/switch.rtp/choice.ts';
import { createFeed } from '../../../adapters/switch.rtp/feed.ts';
import type { Source } from '../../../adapters/switch.rtp/source.ts';
import type { CarryOrder, HoldingTold, SourceTold, SwitchedTold } from '../../../adapters/switch.rtp/talk.ts';

const SIGHT = {
  newUnit: true,
  key: false,
  keyStart: false,
  missingSets: [],
  proper: true,
  setsKnown: true,
  pieces: [],
};
const NEWEST_AT_MS = 4_711;
const track = (encoding: string) => ({
  ...{ media: 'video' as const, encoding, payloadType: 96, clockRate: 90_000, control: '' },
});

/** A source that is as the test says. */
function fakeSource(id: string, encoding = 'H264') {
  const state = {
    stands: 'opening' as SourceTold['state'],
    stored: false,
    fresh: true,
    overdueMs: 0,
    stalledMs: 0,
    sound: false,
    unreadable: false,
  };
  const source = {
    id,
    standing: () => ({ state: state.stands }),
    tracks: () => [track(encoding), ...(state.sound ? [{ ...track('OPUS'), media: 'audio' }] : [])],
    gop: { ready: () => state.stored, packets: () => (state.stored ? [{}] : []), isLong: () => false },
    lastPacketAtMs: () => performance.now(),
    newestAtMs: () => NEWEST_AT_MS,
    isUnreadable: () => state.unreadable,
    punctuality: {
      isFresh: () => state.fresh,
      isLate: () => state.overdueMs > 0,
      overdueMs: () => state.overdueMs,
      mostOverdueMs: () => state.stalledMs,
    },
  } as unknown as Source;
  return { source, state };
}

/** A feed over fake sources: what it tells, and which source was begun with. @param before what is published already */
function stage(encodings: Record<string, string> = { a: 'H264', b: 'H264' }, before?: string) {
  const fakes = new Map(Object.entries(encodings).map(([id, encoding]) => [id, fakeSource(id, encoding)]));
  const told: (SwitchedTold | HoldingTold)[] = [];
  let published = before;
  let publications = 0;
  let begunAtMs: number | undefined;
  const feed = createFeed({
    camera: 'cam_1',
    sources: new Map([...fakes].map(([id, { source }]) => [id, source])),
    published: () => (published ? [track(published)] : undefined),
    fits: (source) => source.tracks()[0]?.encoding === published,
    publish(tracks) {
      published = tracks[0]?.encoding;
      publications += 1;
    },
    begin(_tracks, _stored, newestAtMs) {
      begunAtMs = newestAtMs;
      return 1;
    },
    show() {},
    told: (message) => told.push(message),
  });
  const fake = (id: string) => fakes.get(id) ?? expect.fail(`no source ${id}`);
  let run = 0;
  const stage = {
    feed,
    told,
    fake,
    published: () => published,
    begunAtMs: () => begunAtMs,
    publications: () => publications,
    order(source: string, how: 'clean' | 'at-once' = 'at-once', again = false, slate?: CarryOrder['slate']) {
      if (!again) run += 1;
      const armed = [...fakes.keys()].filter((id) => id !== source);
      feed.choose({ active: { source, how, run }, armed, slate } as unknown as CarryOrder);
    },
    /** A packet of a source, a key frame's first one where wanted. */
    packet(id: string, keyStart = false) {
      const { source, state } = fake(id);
      state.stands = 'flowing';
      state.overdueMs = 0;
      if (keyStart) state.stored = true;
      return feed.takes(source, { ...SIGHT, key: keyStart, keyStart }, performance.now());
    },
    becomes(id: string, stands: 'ended' | 'silent') {
      const { source, state } = fake(id);
      state.stands = stands;
      if (stands === 'ended') state.stored = false;
      state.fresh = false;
      feed.stands(source);
    },
    late(id: string, overdueMs = LATE_MS) {
      fake(id).state.overdueMs = overdueMs;
      fake(id).state.fresh = false;
      feed.late(fake(id).source);
    },
  };
  return stage;
}

describe('which source feeds a program', () => {
  const started = () => {
    const all = stage();
    all.order('a');
    all.packet('b', true);
    expect(all.feed.on(), 'the wanted one is waited for').to.equal('');
    all.packet('a', true);
    expect(all.feed.on()).to.equal('a');
    all.fake('b').state.fresh = true;
    return all;
  };

  it('is the armed one at once when the present one ends or is late', () => {
    for (const fall of ['ended', 'late'] as const) {
      const all = started();
      if (fall === 'ended') all.becomes('a', 'ended');
      else all.late('a');
      expect(all.feed.on()).to.equal('b');
      const trigger = fall === 'ended' ? 'ended' : 'silent';
      expect(all.told.at(-1)).to.include({ type: 'switched', source: 'b', from: 'a', trigger });
      expect(all.begunAtMs(), 'as of the time that its newest picture came').to.equal(NEWEST_AT_MS);
    }
  });

  it('is another one where what it sends is no picture, which is told apart from silence', () => {
    const late = started();
    late.fake('a').state.unreadable = true;
    late.late('a');
    expect(late.told.at(-1)).to.include({ type: 'switched', source: 'b', from: 'a', trigger: 'unreadable' });
    const alone = started();
    alone.becomes('b', 'ended');
    alone.fake('a').state.unreadable = true;
    alone.becomes('a', 'silent');
    expect(alone.told.at(-1)).to.include({ type: 'holding', from: 'a', trigger: 'unreadable' });
  });

  it('stays when both are late, until the other has a picture and this one is later than it was', () => {
    const all = started();
    const other = all.fake('b').state;
    other.fresh = false;
    all.late('a');
    expect(all.feed.on()).to.equal('a');
    Object.assign(other, { fresh: true, stalledMs: 70 });
    all.packet('b');
    expect(all.feed.on(), 'it may be back within the same millisecond').to.equal('a');
    all.fake('a').state.overdueMs = LATE_MS + 70;
    all.packet('b');
    expect(all.feed.on()).to.equal('b');
  });

  it('changes cleanly at a key frame when that is ordered, and is not undone by repeating the order', () => {
    const all = started();
    all.order('b', 'clean');
    all.packet('b');
    expect(all.feed.on()).to.equal('a');
    all.packet('b', true);
    expect(all.told.at(-1)).to.include({ source: 'b', trigger: 'ordered', how: 'clean' });
    all.becomes('b', 'ended');
    expect(all.feed.on()).to.equal('a');
    all.packet('b', true);
    all.order('b', 'clean', true);
    all.packet('b', true);
    expect(all.feed.on(), 'the order was obeyed once').to.equal('a');
    all.order('b', 'at-once');
    expect(all.feed.on()).to.equal('b');
  });

  it('is the slate when none is left, and whoever returns first after it', () => {
    const all = started();
    all.becomes('b', 'ended');
    all.becomes('a', 'silent');
    expect(all.told.at(-1)).to.include({ type: 'holding', from: 'a', trigger: 'silent' });
    expect(all.feed.on()).to.equal('slate');
    all.packet('b');
    expect(all.feed.on(), 'it has no key frame yet').to.equal('slate');
    all.packet('b', true);
    expect(all.told.at(-1)).to.include({ source: 'b', from: 'slate' });
  });

  it('is the slate where all are known to be gone from the start, once the codec is known; sound comes with a source', () => {
    const all = stage();
    const slate = { H264: '/no/clip' };
    all.order('a', 'at-once', false, slate);
    all.becomes('a', 'ended');
    expect(all.feed.on(), 'the other may still come').to.equal('');
    all.becomes('b', 'ended');
    expect([all.feed.on(), all.published()]).to.deep.equal(['slate', 'H264']);
    expect(all.told).to.have.length(1);
    all.packet('b', true);
    expect(all.told.at(-1)).to.include({ source: 'b', from: 'slate' });
    expect(all.publications(), 'it goes on in what was published').to.equal(1);

    const sounding = stage();
    sounding.order('a', 'at-once', false, slate);
    for (const id of ['a', 'b']) sounding.becomes(id, 'ended');
    sounding.fake('a').state.sound = true;
    sounding.packet('a', true);
    expect(sounding.publications(), 'it is announced with its sound').to.equal(2);

    const unknown = stage();
    unknown.order('a');
    for (const id of ['a', 'b']) unknown.becomes(id, 'ended');
    expect(unknown.feed.on(), 'nobody knows what it sends').to.equal('');
  });

  it('goes on, with the slate too, in what another process has published', () => {
    const dark = stage(undefined, 'H264');
    dark.order('a', 'at-once', false, { H264: '/no/clip' });
    for (const id of ['a', 'b']) dark.becomes(id, 'ended');
    expect([dark.feed.on(), dark.publications()]).to.deep.equal(['slate', 0]);
    const bright = stage(undefined, 'H264');
    bright.order('a');
    bright.packet('a', true);
    expect([bright.feed.on(), bright.publications()]).to.deep.equal(['a', 0]);
  });

  it('is never one of another codec while there is a slate to show, for a while', () => {
    const all = stage({ a: 'H264', b: 'H265' });
    all.order('a');
    all.packet('a', true);
    all.packet('b', true);
    all.becomes('a', 'ended');
    all.packet('b', true);
    expect(all.feed.on()).to.equal('slate');
    expect(all.published()).to.equal('H264');
  });

  it('is a source that can be shown, whatever the sources do, and every change is told once', () => {
    const step = fc.record({
      what: fc.constantFrom('packet', 'key', 'ended', 'silent', 'late', 'clean', 'at-once', 'again'),
      id: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const all = stage({ a: 'H264', b: 'H264', c: 'H265' });
        all.order('a');
        for (const { what, id } of steps) {
          const before = all.feed.on();
          const changes = all.told.length;
          if (what === 'packet' || what === 'key') all.packet(id, what === 'key');
          else if (what === 'ended' || what === 'silent') all.becomes(id, what);
          else if (what === 'late') all.late(id);
          else all.order(id, what === 'clean' ? 'clean' : 'at-once', what === 'again');
          const on = all.feed.on();
          if (on !== '' && on !== 'slate') {
            expect(all.fake(on).state.stands, `${on} after ${what} of ${id}`).to.equal('flowing');
            expect(all.fake(on).source.tracks()[0]?.encoding).to.equal(all.published());
          }
          if (on !== before) expect(all.told.length).to.be.above(changes);
        }
        expect(new Set(all.told.map((one) => one.id)).size).to.equal(all.told.length);
      }),
    );
  });
});
