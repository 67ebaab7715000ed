import { expect } from 'chai';
import type { CellView } from '../../../../actors/cells.ts';
import { id } from '../../../../bus/identity.ts';
import { keepIntakes } from '../../../../infra/gateway/media/intakes.ts';

const TAGS: Record<string, string[]> = {
  serving: ['serving', 'placeable'],
  draining: ['serving', 'draining'],
  removed: ['over'],
};

/** Two intakes whose states are set by hand. */
function pool() {
  const states: Record<string, string> = { a: 'serving', b: 'serving' };
  const moves: string[] = [];
  const view = (name: string): CellView | undefined => {
    const state = states[name] ?? '';
    const context = { weight: 1, ...(state === 'draining' ? { drain: {} } : {}) };
    const why = { trigger: 'test', text: 'so' };
    return { kind: 'relay', id: id(name), state, tags: TAGS[state] ?? ['dark'], since: 0, why, context };
  };
  const onMoved = (camera: string) => void moves.push(`${camera} → ${intakes.of(camera)}`);
  const intakes = keepIntakes({
    places: ['a', 'b'].map((name) => ({ id: name, weight: 1 })),
    view,
    lists: () => true,
    now: () => 100_000,
    onMoved,
  });
  const camera = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'].find((name) => intakes.of(name) === 'a') ?? '';
  return { states, moves, intakes, camera };
}

describe('the intake of a camera', () => {
  it('is left when it dies, and not returned to while the camera has a picture from another', () => {
    const { states, moves, intakes, camera } = pool();
    intakes.pull(camera, false);
    states.a = 'dead';
    expect(intakes.leave('a').moved).to.include(camera);
    expect(moves).to.include(`${camera} → b`);
    states.a = 'serving';
    intakes.pull(camera, false); // another of its sources
    expect(intakes.of(camera)).to.equal('b');
  });

  it('is none that was taken out of the configuration, not even when no other one serves', () => {
    const { states, intakes } = pool();
    Object.assign(states, { a: 'removed', b: 'dead' });
    for (const camera of ['d0', 'd1', 'd2', 'd3', 'd4', 'd5']) expect(intakes.of(camera)).to.equal('b');
  });

  it('is its own again when nothing of it is pulled any more, but not in the very next breath', () => {
    const { states, intakes, camera } = pool();
    const before = intakes.pull(camera, false);
    states.a = 'dead';
    intakes.leave('a');
    before();
    states.a = 'serving';
    const again = intakes.pull(camera, false);
    expect(intakes.of(camera)).to.equal('b');
    again();
    intakes.pull(camera, false);
    expect(intakes.of(camera)).to.equal('a');
  });

  it('is the one where a former gateway left it, whichever is its own', () => {
    const { intakes, camera } = pool();
    intakes.found(camera, 'b');
    intakes.pull(camera, false);
    expect(intakes.of(camera)).to.equal('b');
  });

  it('stays, and tells so, when no other one can take it', () => {
    const { states, moves, intakes, camera } = pool();
    intakes.pull(camera, false);
    states.b = 'draining';
    states.a = 'draining';
    expect(intakes.leave('a')).to.deep.include({ moved: [] });
    expect(intakes.leave('a').stuck).to.include(camera);
    expect(moves).to.deep.equal([]);
  });

  it('takes publishers where the camera is, and stays so when they come and go: their address was given to them', () => {
    const { states, moves, intakes, camera } = pool();
    intakes.found(camera, 'b');
    expect(intakes.taking(camera, false)).to.deep.include({ intake: 'b' });
    for (let turn = 0; turn < 3; turn++) intakes.pull(camera, true)();
    expect(intakes.of(camera)).to.equal('b');
    expect(intakes.taking(camera, true).why.text).to.equal('b has it already');
    states.b = 'dead';
    expect(intakes.taking(camera, true)).to.deep.include({ intake: 'a' });
    states.b = 'serving';
    expect(intakes.taking(camera, true).intake).to.equal('a');
    expect(moves).to.deep.equal([`${camera} → a`]);
  });

  it('is its own for who is to publish, once nobody does and nothing of it is pulled', () => {
    const { intakes, camera } = pool();
    intakes.found(camera, 'b');
    const end = intakes.pull(camera, true);
    expect(intakes.taking(camera, false), 'it is being shown').to.deep.include({ intake: 'b' });
    end();
    intakes.pull(camera, true)();
    expect(intakes.taking(camera, false)).to.deep.include({ intake: 'a' });
  });

  it('is wanted while it carries media and nobody wants it empty', () => {
    const { states, intakes } = pool();
    const wanted = ['serving', 'draining', 'dead'].map((state) => {
      states.a = state;
      return intakes.isWanted('a');
    });
    expect(wanted).to.deep.equal([true, false, false]);
    expect(intakes.isWanted('unknown')).to.equal(false);
  });
});
