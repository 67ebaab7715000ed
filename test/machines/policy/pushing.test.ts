import { expect } from 'chai';
import { pusher } from '../../../machines/policy/pushing.ts';

const relay = (id: string, pushes = 0, state = 'serving') => ({ id, pushes, state, serving: state === 'serving' });

describe('the relay that pushes a broadcast', () => {
  it('is the one with the fewest pushes, by name, and the others are told why not', () => {
    const { relay: chosen, why } = pusher([relay('relay-2', 1), relay('relay-1', 1), relay('relay-3', 4)]);
    expect(chosen).to.equal('relay-1');
    expect(why.rejected).to.deep.equal([
      { option: 'relay-2', because: 'as good, later by name' },
      { option: 'relay-3', because: 'it pushes 4 already, against 1' },
    ]);
  });

  it('is never one that does not serve while another one does', () => {
    expect(pusher([relay('relay-1', 0, 'dead'), relay('relay-2', 9)]).relay).to.equal('relay-2');
  });

  it('is the one that will soonest serve while none does: an emergency is not forgotten', () => {
    const waiting = pusher([
      relay('relay-1', 0, 'dead'),
      relay('relay-2', 0, 'suspect'),
      relay('relay-3', 0, 'drained'),
    ]);
    expect(waiting).to.include({ relay: 'relay-2', waits: true });
    expect(waiting.why.text).to.equal('none serves now; relay-2 pushes it as soon as it does');
  });

  it('is one that is fed, before one that would have to pull the program first', () => {
    const { relay: chosen, why } = pusher([{ ...relay('far'), pulls: true }, relay('relay-1', 9)]);
    expect(chosen).to.equal('relay-1');
    expect(why.rejected).to.deep.equal([{ option: 'far', because: 'it pulls programs from another relay itself' }]);
    expect(pusher([{ ...relay('far'), pulls: true }]).relay).to.equal('far');
  });

  it('is one that the encoder reaches, where one has to work for it', () => {
    const far = { ...relay('relay-1'), able: false };
    const { relay: chosen, why } = pusher([far, relay('relay-2', 9)]);
    expect(chosen).to.equal('relay-2');
    expect(why.rejected?.[0]).to.deep.include({ option: 'relay-1' });
    expect(pusher([far]).why.text).to.contain('needs a delivery relay of ours: there is none');
  });

  it('is none where none could', () => {
    const none = pusher([relay('relay-1', 0, 'drained')]);
    expect(none.relay).to.equal(undefined);
    expect(none.why).to.deep.include({
      reason: 'no-relay',
      rejected: [{ option: 'relay-1', because: 'it is drained' }],
    });
    expect(pusher([]).relay).to.equal(undefined);
  });
});
