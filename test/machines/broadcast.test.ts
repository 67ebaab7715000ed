import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { BROADCAST_TIMES } from '../../machines/broadcast/context.ts';
import { broadcastMachine } from '../../machines/broadcast.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(broadcastMachine, 'gate--city-tv', ...heard);

const requested = {
  type: 'broadcast.requested',
  ...{ camera: 'gate', zone: 'hcm/airport', destination: 'city-tv', to: 'rtmp://127.0.0.1/live' },
  ...{ relay: 'relay-1', by: 'hoa', picture: true },
};
const flowing = (relay = 'relay-1') => ({
  type: 'push.flowing',
  relay,
  bytes: 60_000,
  elapsed_ms: 700,
  confirmed: true,
});
const silent = { type: 'push.silent', relay: 'relay-1', silent_ms: 2_000 };
const refused = { type: 'push.refused', relay: 'relay-1', detail: 'connection refused' };
const retry = { type: 'alarm.rang', name: 'retry' };
const onAir = [requested, flowing()];

describe('a broadcast', () => {
  it('is on air when bytes rise at the destination, not before', () => {
    expect(given(requested).state).to.equal('connecting');
    expect(given(requested).invoked).to.have.members(['push', 'connect']);
    const broadcast = given(...onAir);
    expect(broadcast.said).to.deep.equal(['broadcast.connecting', 'broadcast.on-air']);
    expect(broadcast.tags).to.have.members(['wanted', 'on-air']);
  });

  it('that is refused lets go, waits longer each time, and tells why', () => {
    const first = given(requested, { ...refused, at: 2_000 });
    expect(first.state).to.equal('retrying');
    expect(first.invoked).to.deep.equal(['retry']);
    expect(first.last.why.text).to.contain('connection refused');
    expect(first.context.deadline).to.equal(2_000 + BROADCAST_TIMES.firstRetryMs);
    const again = given(requested, refused, retry, { ...refused, at: 3_000 });
    expect(again.context.deadline).to.equal(3_000 + 2 * BROADCAST_TIMES.firstRetryMs);
    expect(given(requested, refused, retry).invoked).to.have.members(['push', 'connect']);
  });

  it('whose destination takes nothing in time, or nothing any more, is tried again and tells how long it was away', () => {
    expect(given(requested, { type: 'alarm.rang', name: 'connect' }).last.why.reason).to.equal('timeout');
    const gone = given(...onAir, { ...silent, at: 5_000 });
    expect(gone.last.why).to.include({ reason: 'silent' });
    const back = given(...onAir, { ...silent, at: 5_000 }, retry, { ...flowing(), at: 6_100 });
    expect(back.last).to.include({ state: 'on-air', recover_ms: 1_100 });
    expect(back.context.attempts).to.equal(0);
  });

  it('goes on through another relay when its own dies, and believes the old one no more', () => {
    const why = { trigger: 'pushing', text: 'relay-2 pushes it: it has the fewest pushes' };
    const moved = given(...onAir, { type: 'broadcast.moved', relay: 'relay-2', why });
    expect(moved.state).to.equal('connecting');
    expect(moved.last).to.deep.include({ relay: 'relay-2', why });
    const stale = given(...onAir, { type: 'broadcast.moved', relay: 'relay-2', why }, flowing('relay-1'));
    expect(stale.state).to.equal('connecting');
    const on = given(...onAir, { type: 'broadcast.moved', relay: 'relay-2', why }, flowing('relay-2'));
    expect(on.state).to.equal('on-air');
  });

  it('tells a slate on air as such, and when the picture is back', () => {
    const lost = { type: 'camera.showing', picture: false, state: 'holding' };
    const slate = given(...onAir, lost);
    expect(slate.state).to.equal('on-air');
    expect(slate.last).to.include({ picture: false });
    expect(slate.last.why.reason).to.equal('slate');
    const back = given(...onAir, lost, { ...lost, picture: true });
    expect(back.last).to.include({ picture: true });
    expect(back.last.why).not.to.have.property('reason');
  });

  it('names an encoder that ended or hangs, and tells one that can’t keep up while it stays on air', () => {
    for (const cause of ['exited', 'hung']) {
      const broadcast = given(...onAir, { type: 'push.ended', relay: 'relay-1', cause, detail: 'x' });
      expect(broadcast.last).to.include({ state: 'retrying' });
      expect(broadcast.last.why).to.include({ reason: `encoder-${cause}` });
    }
    const slow = given(...onAir, { type: 'push.slow', relay: 'relay-1', speed: 0.6 });
    expect(slow.last).to.include({ state: 'on-air' });
    expect(slow.last.why).to.include({ reason: 'encoder-slow' });
    expect(slow.last.why.text).to.contain('0.6 s in a second');
    const steady = given(
      ...onAir,
      { type: 'push.slow', relay: 'relay-1', speed: 0.6 },
      { type: 'push.steady', relay: 'relay-1' },
    );
    expect(steady.last.why).not.to.have.property('reason');
  });

  it('tells a destination that is too slow while it stays on air, and connects anew when that lasts', () => {
    const lagging = (for_ms: number) => ({ type: 'push.lagging', relay: 'relay-1', taken: 0.4, for_ms });
    const slow = given(...onAir, lagging(5_000), lagging(10_000));
    expect(slow.last).to.include({ state: 'on-air' });
    expect(slow.last.why).to.include({ reason: 'slow' });
    expect(slow.last.why.text).to.contain('only 40 %');
    expect(slow.said, 'what lasts is no news').to.have.length(3);
    expect(given(...onAir, lagging(5_000), { type: 'push.steady', relay: 'relay-1' }).last.why.text).to.contain(
      'again',
    );
    const long = given(...onAir, lagging(5_000), lagging(BROADCAST_TIMES.lagMs));
    expect(long.last).to.include({ state: 'retrying' });
    expect(long.last.why).to.include({ reason: 'slow' });
  });

  it('waits with its reason while what it needs is needed more elsewhere, whatever it was doing', () => {
    const why = { trigger: 'bandwidth', reason: 'no-bandwidth', text: 'cameras in an emergency need it' };
    const held = { type: 'broadcast.held', why };
    for (const before of [[requested], onAir, [requested, refused]]) {
      const waiting = given(...before, held);
      expect(waiting.last).to.deep.include({ state: 'waiting', why });
      expect(waiting.invoked, 'nothing is pushed').to.deep.equal([]);
      expect(waiting.tags).to.have.members(['wanted', 'held']);
    }
    const moved = { type: 'broadcast.moved', relay: 'relay-2', why };
    const freed = given(...onAir, held, moved, { type: 'broadcast.freed', at: 9_000 });
    expect(freed.last).to.include({ state: 'connecting', relay: 'relay-2' });
    expect(given(...onAir, held, { type: 'broadcast.stopped', by: 'hoa' }).state).to.equal('stopped');
  });

  it('has failed, with the reason, where nothing but another configuration helps, and is looked at again', () => {
    const fault = { ...refused, detail: 'a secret of city-tv can’t be read (ENOENT)', fatal: true, at: 5_000 };
    const failed = given(requested, fault);
    expect([failed.state, failed.invoked, failed.tags]).to.deep.equal(['failed', ['retry'], ['wanted']]);
    expect(failed.last.why.text).to.contain('ENOENT');
    expect(failed.context.deadline).to.equal(5_000 + BROADCAST_TIMES.failedMs);
    expect(given(requested, fault, retry).state).to.equal('connecting');
  });

  it('tells a new connection that came before anybody counted it as silent, with its gap', () => {
    const again = given(...onAir, { type: 'push.reconnected', relay: 'relay-1', gap_ms: 700 });
    expect(again.last.why).to.deep.include({ reason: 'reconnected', guard: { gap_ms: 700 } });
    expect(again.state).to.equal('on-air');
  });

  it('gives an encoder the time that it needs to begin', () => {
    const broadcast = given({ ...requested, encoded: true, at: 1_000 });
    expect(broadcast.context.deadline).to.equal(1_000 + BROADCAST_TIMES.encodeWithinMs);
  });

  it('ends when somebody stops it, at any time, and can be asked for again', () => {
    const stop = { type: 'broadcast.stopped', by: 'hoa' };
    for (const before of [[requested], onAir, [requested, refused]]) {
      const ended = given(...before, stop);
      expect(ended.state).to.equal('stopped');
      expect(ended.invoked).to.deep.equal([]);
      expect(ended.tags).to.deep.equal(['over']);
    }
    expect(given(...onAir, stop, { ...requested, relay: 'relay-2' }).last).to.include({ relay: 'relay-2' });
  });
});
