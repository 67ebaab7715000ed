import { expect } from 'chai';
import { NoSuchCell } from '../../../actors/cells.ts';
import { id } from '../../../bus/identity.ts';
import { heedForeignIntakes } from '../../../infra/gateway/foreign-intakes.ts';
import { until } from '../../fixtures/process.ts';

const TAGS: Record<string, string[]> = { serving: ['serving', 'placeable'], draining: ['serving', 'draining'] };

/** An intake that is another gateway's, as the mirror shows it, with two cameras of this one. */
function stage() {
  const heard: string[] = [];
  const left: string[] = [];
  const intake = { state: 'serving' };
  const look = heedForeignIntakes({
    intakes: ['intake-1'],
    cells: {
      view: (at) => {
        const why = { trigger: 'test', text: 'so' };
        return { ...at, ...intake, tags: TAGS[intake.state] ?? ['dark'], since: 0, why, context: {} };
      },
      livesElsewhere: () => true,
      async offer(at, { type }) {
        heard.push(`${at.id} ${type}`);
        throw new NoSuchCell('nobody waits for what it comes to');
      },
    },
    has: (camera) => camera !== id('cam_far'),
    leaveIntake(relay) {
      left.push(`${relay} at once`);
      return { moved: ['cam_1'], stuck: ['cam_2', 'cam_far'] };
    },
    async emptyIntake(relay) {
      left.push(`${relay} at a key frame`);
      return { lost: ['cam_2'], stuck: [] };
    },
    onFault() {},
  });
  return { intake, look, heard, left };
}

describe('an intake whose cell is another gateway’s', () => {
  it('is left when it falls, once, and this gateway’s cameras are told', () => {
    const { intake, look, heard, left } = stage();
    for (const state of ['serving', 'serving', 'dead', 'dead', 'removed']) {
      intake.state = state;
      look();
    }
    expect(left).to.deep.equal(['intake-1 at once']);
    expect(heard).to.deep.equal(['cam_1 intake.lost', 'cam_2 intake.lost']);
  });

  it('is left at a key frame when it shall be empty; who could not go along is told', async () => {
    const { intake, look, heard, left } = stage();
    look();
    intake.state = 'draining';
    look();
    await until('it to be told', () => heard.length > 0);
    expect(left).to.deep.equal(['intake-1 at a key frame']);
    expect(heard).to.deep.equal(['cam_2 intake.lost']);
  });
});
