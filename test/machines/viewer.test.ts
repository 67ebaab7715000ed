import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { VIEWER_TIMES } from '../../machines/viewer/context.ts';
import { viewerMachine } from '../../machines/viewer.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(viewerMachine, 's1', ...heard);

const requested = {
  type: 'viewer.requested',
  camera: 'cam_001',
  zone: 'hcm/center',
  subject: { sub: 'lan', role: 'viewer', cameras: ['cam_001'], zones: [], iat: 1 },
  protocol: 'webrtc',
  quality: '720p',
  address: '127.0.0.1',
  expires_at: 3_600_000,
  held: 0,
  quota: 20,
  relay: 'relay-1',
  standby: 'relay-2',
};
const opened = { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1' };
const playing = { type: 'leg.playing', leg: 'a', first_frame_ms: 240 };
const watching = [requested, opened, playing];

describe('a viewer', () => {
  it('with the right is admitted, connects and watches', () => {
    const viewer = given(...watching);
    expect(viewer.said).to.deep.equal(['viewer.admitted', 'viewer.connecting', 'viewer.watching']);
    expect(viewer.tags).to.deep.equal(['open']);
    expect(viewer.last).to.include({ first_frame_ms: 240, subject: 'lan', relay: 'relay-1' });
    expect(viewer.invoked.sort()).to.deep.equal(['expiry', 'seat']);
  });

  it('without the right is denied, with the reason, and holds no seat', () => {
    const stranger = { ...requested, subject: { ...requested.subject, cameras: [] } };
    const viewer = given(stranger);
    expect(viewer.state).to.equal('denied');
    expect(viewer.last.why.text).to.be.a('string');
    expect(viewer.invoked).to.deep.equal([]);
  });

  it('over its quota is denied and told to close a session first', () => {
    const viewer = given({ ...requested, held: 20 });
    expect(viewer.state).to.equal('denied');
    expect(viewer.last.why).to.include({ reason: 'quota' });
  });

  it('that no relay can carry is denied, and says what there was to choose from', () => {
    const rejected = [{ option: 'relay-1', because: 'it is dead' }];
    const refused = { trigger: 'placement', reason: 'no-relay', text: 'nothing can carry it', rejected };
    const viewer = given({ ...requested, relay: '', standby: '', refused });
    expect(viewer.said).to.deep.equal(['viewer.denied']);
    expect(viewer.last.why).to.deep.equal(refused);
    expect(viewer.invoked).to.deep.equal([]);
  });

  it('that nobody connects to ends after thirty seconds', () => {
    const admitted = given({ ...requested, at: 5_000 });
    expect(admitted.context.deadline).to.equal(5_000 + VIEWER_TIMES.connectMs);
    const viewer = given(requested, { type: 'alarm.rang', name: 'connect' });
    expect(viewer.last.why).to.include({ reason: 'never-connected' });
  });

  it('ends when its entitlement runs out', () => {
    const viewer = given(...watching, { type: 'alarm.rang', name: 'expiry' });
    expect(viewer.state).to.equal('ended');
    expect(viewer.last.why).to.include({ reason: 'expired' });
  });

  it('keeps its picture when it renews in time', () => {
    const viewer = given(...watching, { type: 'viewer.renewed', expires_at: 7_200_000 });
    expect(viewer.state).to.equal('watching');
    expect(viewer.context.expires_at).to.equal(7_200_000);
    expect(viewer.said.at(-1)).to.equal('viewer.renewed');
  });

  it('whose right is taken back ends at once and gives up its seat', () => {
    const viewer = given(...watching, { type: 'viewer.revoked', by: 'hoa', reason: 'left the company' });
    expect(viewer.state).to.equal('ended');
    expect(viewer.last.why).to.deep.include({ reason: 'revoked', guard: { by: 'hoa', reason: 'left the company' } });
    expect(viewer.invoked).to.deep.equal([]);
  });

  it('that loses its seat may return, and ends when it does not', () => {
    const left = { type: 'seat.left', relay: 'relay-1', relay_session: 'r1' };
    expect(given(...watching, left).state).to.equal('connecting');
    const returned = given(...watching, left, { ...opened, relay_session: 'r2' }, { type: 'leg.playing', leg: 'a' });
    expect(returned.state).to.equal('watching');
    expect(given(...watching, left, { type: 'alarm.rang', name: 'connect' }).last.why.reason).to.equal('not-connected');
  });

  it('whose connection is gone before it was made keeps nothing of it, and is not kept by it later', () => {
    const left = (session: string) => ({ type: 'seat.left', relay: 'relay-1', relay_session: session });
    const second = { ...opened, leg: 'b', relay_session: 'r2' };
    const returned = given(requested, opened, left('r1'), second, { type: 'leg.playing', leg: 'b' });
    expect(returned.context.legs).to.have.all.keys('b');
    const gone = given(requested, opened, left('r1'), second, { type: 'leg.playing', leg: 'b' }, left('r2'));
    expect(gone.state).to.equal('connecting');
    expect(gone.last.why).to.include({ reason: 'seat-left' });
  });

  it('that moves to a second leg stays watching while the first is closed', () => {
    const second = { type: 'leg.opened', leg: 'b', relay: 'relay-1', path: 'cam_001', relay_session: 'r2' };
    const viewer = given(...watching, second, { type: 'seat.left', relay: 'relay-1', relay_session: 'r1' });
    expect(viewer.state).to.equal('watching');
    expect(viewer.context.legs).to.have.all.keys('b');
  });

  describe('whose relay is lost', () => {
    const begun = {
      type: 'move.begun',
      ...{ leg: 'b', relay: 'relay-2', reason: 'relay-lost', detect_ms: 0, decide_ms: 4 },
      placement: {
        trigger: 'placement',
        text: 'x',
        guard: { region: 'hcm' },
        rejected: [{ option: 'r3', because: 'y' }],
      },
    };
    const lost = { type: 'relay.lost', relay: 'relay-1', reason: 'dead' };
    const second = { type: 'leg.opened', leg: 'b', relay: 'relay-2', path: 'departure/cam_001/1', relay_session: 'r2' };
    const plays = { type: 'leg.playing', leg: 'b', gap_ms: 117.4 };

    it('moves, and tells from where to where, why, what else there was, and how long each part took', () => {
      const moving = given(...watching, begun);
      expect(moving.state).to.equal('moving');
      expect(moving.last.why.text).to.equal('relay-1 does not serve any more; relay-2 carries the picture on');
      const moved = given(...watching, begun, lost, second, plays);
      expect(moved.said.slice(-2)).to.deep.equal(['viewer.moving', 'viewer.moved']);
      expect(moved.last).to.include({ state: 'watching', from_relay: 'relay-1', relay: 'relay-2', from: 'moving' });
      expect(moved.last).to.include({ detect_ms: 0, decide_ms: 4, recover_ms: 117 });
      expect(moved.last.why).to.deep.include({ reason: 'relay-lost', rejected: [{ option: 'r3', because: 'y' }] });
      expect(moved.context.legs).to.have.all.keys('b');
    });

    it('says so when it was cut at one that was taken out', () => {
      const cut = given(...watching, { ...lost, reason: 'removed' });
      expect(cut.last.why).to.include({ reason: 'relay-removed', text: 'relay-1 was taken out of the configuration' });
      const back = { type: 'seat.taken', relay: 'relay-2', relay_session: 'r9' };
      expect(given(...watching, { ...lost, reason: 'removed' }, back).last.why.text).to.equal(
        'relay-1 was taken out of the configuration; relay-2 carries the picture on',
      );
    });

    it('is without a relay no longer than its bound; then its player is to ask for a new session', () => {
      const moving = given(...watching, { ...lost, at: 50_000 });
      expect(moving.state).to.equal('moving');
      expect(moving.context.deadline).to.equal(50_000 + VIEWER_TIMES.moveMs);
      expect(moving.invoked).to.include('move');
      const over = given(...watching, lost, { type: 'alarm.rang', name: 'move' });
      expect(over.last.why).to.include({ reason: 'not-moved' });
    });

    it('and that nobody could tell, is found again where it comes back', () => {
      const back = { type: 'seat.taken', relay: 'relay-2', relay_session: 'r9' };
      const moved = given(...watching, lost, back);
      expect(moved.state).to.equal('watching');
      expect(moved.context.relay).to.equal('relay-2');
      expect(given(...watching, begun, second, back).state, 'told: its first frame counts').to.equal('moving');
    });

    it('does not mind while another one carries its picture', () => {
      const other = { ...lost, relay: 'relay-2' };
      const viewer = given(...watching, second, other);
      expect(viewer.state).to.equal('watching');
      expect(viewer.context).to.deep.include({ standby: '' });
      expect(viewer.context.legs).to.have.all.keys('a');
    });

    it('by its player’s own word, is found on the standby in one step', () => {
      const moved = given(...watching, second, { ...plays, silent_ms: 108 });
      expect(moved.said.at(-1)).to.equal('viewer.moved');
      expect(moved.last.why).to.include({ reason: 'silence', trigger: 'leg.playing' });
      expect(moved.last).to.include({ detect_ms: 108, recover_ms: 117, from: 'watching' });
    });

    it('for a drain alone, stays while nobody takes it over, says why, and may be sent on again', () => {
      const drained = { ...begun, reason: 'draining' };
      const refused = { type: 'leg.refused', leg: 'b', relay: 'relay-2', detail: 'no-stream' };
      const why = {
        reason: 'draining',
        text: 'relay-1 is being drained; it carries the picture until another one does',
      };
      for (const [nothing, because, here] of [
        [refused, 'it refused: no-stream', []],
        [{ type: 'leg.closed', leg: 'b' }, 'no picture came from it in time', [second]],
        [{ type: 'alarm.rang', name: 'move' }, 'no picture came from it in time', [second]],
      ] as const) {
        const viewer = given(...watching, drained, ...here, nothing);
        expect(viewer.last).to.include({ state: 'watching', from: 'moving', relay: 'relay-1' });
        expect(viewer.last.why).to.deep.include({ ...why, rejected: [{ option: 'relay-2', because }] });
        expect(viewer.said).to.not.include('viewer.moved');
        const again = { ...drained, leg: 'c', relay: 'relay-3' };
        const third = { ...second, leg: 'c', relay: 'relay-3', relay_session: 'r3' };
        const moved = given(...watching, drained, ...here, nothing, again, third, { ...plays, leg: 'c' });
        expect(moved.last).to.include({ from_relay: 'relay-1', relay: 'relay-3' });
      }
    });

    it('for a drain, ends all the same when its relay has let go of it and no other one carries it in time', () => {
      const left = { type: 'seat.left', relay: 'relay-1', relay_session: 'r1' };
      const over = given(...watching, { ...begun, reason: 'draining' }, left, { type: 'alarm.rang', name: 'move' });
      expect(over.last.why).to.include({ reason: 'not-moved' });
    });

    it('only by mistake, stays where it is', () => {
      const gaveUp = given(...watching, { ...begun, reason: 'silence' }, second, { type: 'leg.closed', leg: 'b' });
      expect(gaveUp.state).to.equal('watching');
      expect(gaveUp.context).to.include({ relay: 'relay-1' });
      expect(gaveUp.said).to.not.include('viewer.moved');
    });
  });

  describe('that is moved for the sake of balance', () => {
    const second = { type: 'leg.opened', leg: 'b', relay: 'relay-3', path: 'cam_001', relay_session: 'r2' };
    const begun = {
      ...{ type: 'move.begun', leg: 'b', relay: 'relay-3', reason: 'rebalance', detect_ms: 0, decide_ms: 0 },
      placement: { trigger: 'rebalance', text: 'x', guard: { from: 9, to: 2 } },
    };
    const text = 'relay-1 carries more than its share; relay-3 carries the picture on';

    it('says from where to where, and why', () => {
      expect(given(...watching, begun).last.why).to.deep.include({ reason: 'rebalance', text });
      const moved = given(...watching, begun, second, { type: 'leg.playing', leg: 'b', gap_ms: 33 });
      expect(moved.last).to.include({ from_relay: 'relay-1', relay: 'relay-3', state: 'watching' });
      expect(moved.last.why).to.deep.include({ reason: 'rebalance', text });
    });

    for (const [how, ...heard] of [
      ['is refused', { type: 'leg.refused', leg: 'b', detail: 'x' }],
      ['is given up', second, { type: 'leg.closed', leg: 'b' }],
      ['gives no picture in time', { type: 'alarm.rang', name: 'move' }],
      ['opens, and gives no picture in time', second, { type: 'alarm.rang', name: 'move' }],
    ] as [string, ...AnyEventObject[]][]) {
      it(`stays where it is when the other connection ${how}`, () => {
        const stays = given(...watching, begun, ...heard);
        expect(stays.state).to.equal('watching');
        expect(stays.context.relay).to.equal('relay-1');
        expect(stays.context.move).to.equal(undefined);
        expect(stays.last.why.text).to.equal('relay-1 carries the picture on: the other one gave none');
      });
    }

    it('ends as any other whose relay is lost meanwhile and that nobody sends on', () => {
      const left = { type: 'seat.left', relay: 'relay-1', relay_session: 'r1' };
      const over = given(...watching, begun, left, { type: 'alarm.rang', name: 'move' });
      expect(over.last.why).to.include({ reason: 'not-moved' });
      const other = { type: 'leg.refused', leg: 'n', detail: 'x' };
      expect(given(...watching, begun, other).state, 'another leg’s').to.equal('moving');
    });
  });

  it('whose network fails says so, and when it is good again, without leaving its picture', () => {
    const degraded = { type: 'path.degraded', leg: 'a', after_ms: 1_000, loss: 0.2, fps: 11, kbps: 900, rungs: [] };
    const viewer = given(...watching, degraded);
    expect(viewer.state).to.equal('watching');
    expect(viewer.said.at(-1)).to.equal('viewer.degraded');
    expect(viewer.last.why.guard).to.include({ loss: 0.2 });
    expect(given(...watching, degraded, { ...degraded, type: 'path.recovered' }).said.at(-1)).to.equal(
      'viewer.recovered',
    );
  });

  it('whose player does not keep up is not told that its network fails', () => {
    const slow = { leg: 'a', after_ms: 1_000, loss: 0, fps: 11, received_fps: 30, kbps: 2_000, rungs: [] };
    const viewer = given(...watching, { type: 'path.degraded', ...slow });
    expect(viewer.last.why.text).to.match(/^the picture comes to this viewer haltingly/);
    expect(viewer.last.why.guard).to.include({ fps: 11, received_fps: 30 });
  });

  it('whose own host, or whose camera, was late is told that, and keeps its picture', () => {
    const figures = { type: 'path.excused', leg: 'a', loss: 0.3, fps: 20, kbps: 900 };
    const busy = given(...watching, { ...figures, queue_ms: 90, busy_ms: 240 });
    expect(busy.state).to.equal('watching');
    expect(busy.said.at(-1)).to.equal('viewer.excused');
    expect(busy.last.why).to.include({ trigger: 'path.excused', reason: 'host-busy' });
    expect(busy.last.why.guard).to.deep.equal({ leg: 'a', loss: 0.3, fps: 20, kbps: 900, queue_ms: 90, busy_ms: 240 });
    const late = given(...watching, { ...figures, loss: 0, queue_ms: 300, busy_ms: 20, camera_late_ms: 310 });
    expect(late.last.why).to.include({ reason: 'camera-late' });
    expect(late.last.why.text).to.match(/^the camera's pictures came here 0.3 s late/);
  });

  it('whose playlists a cache keeps for too long says so, by how much live is late, and what to do about it', () => {
    const viewer = given(...watching, { type: 'playlist.stale', held_ms: 9_040, allowed_ms: 2_000 });
    expect(viewer.state).to.equal('watching');
    expect(viewer.said.at(-1)).to.equal('viewer.stale');
    expect(viewer.last.why).to.deep.include({
      reason: 'stale-playlist',
      guard: { held_ms: 9_040, allowed_ms: 2_000 },
    });
    expect(viewer.last.why.text).to.match(/kept a playlist for 9 s, .*let edge or CDN keep playlists no longer/);
  });

  describe('whose network changes', () => {
    const rungs = [
      { name: '720p', bitrate_bps: 2_000_000, own: true },
      { name: '480p', bitrate_bps: 1_000_000 },
      { name: '360p', bitrate_bps: 500_000 },
    ];
    const network = { leg: 'a', after_ms: 250, loss: 0.6, fps: 9, kbps: 800, rungs };
    const collapsed = { type: 'path.degraded', ...network, collapsed: true };
    const well = { type: 'path.recovered', ...network, after_ms: 2_000, loss: 0, fps: 30 };
    const rung = (leg: string, quality: string, session: string) => ({
      ...{ type: 'leg.opened', leg, relay: 'relay-1', path: `cam_001/${quality}`, relay_session: session },
      ...{ quality, ladder: true },
    });
    const low = [collapsed, rung('b', '360p', 'r2'), { type: 'leg.playing', leg: 'b', gap_ms: 67 }];

    it('goes straight to the lowest rung when it collapses, and says from where, to where and why', () => {
      const moving = given(...watching, collapsed);
      expect(moving.state).to.equal('moving');
      expect(moving.last).to.include({ quality: '720p', ladder: true });
      expect(moving.last.why.text).to.equal('360p instead of 720p: 60 % of the packets were lost for 250 ms');
      expect(moving.invoked).to.include('move');
      const moved = given(...watching, ...low);
      expect(moved.said.slice(-2)).to.deep.equal(['viewer.moving', 'viewer.moved']);
      expect(moved.last).to.include({ kind: 'rung', from_quality: '720p', quality: '360p', recover_ms: 67 });
      expect(moved.last.why).to.include({ reason: 'collapsed', trigger: 'leg.playing' });
      expect(moved.context.turns).to.have.length(1);
    });

    it('is back in the best rung of the ladder where it can’t be shown what the camera sends', () => {
      const made = rungs.map(({ name, bitrate_bps }) => ({ name, bitrate_bps }));
      const up = given(...watching, ...low, { ...well, rungs: made }, rung('c', '480p', 'r3'), {
        ...{ type: 'leg.playing', leg: 'c', gap_ms: 40 },
      });
      expect(up.context).to.include({ quality: '480p', ladder: true });
      const best = given(...watching, ...low, { ...well, rungs: made.slice(0, 1).concat(made.slice(2)) });
      expect(best.context.move?.rung).to.include({ name: '720p', ladder: true });
    });

    it('goes to a lower one when its player does not keep up with what comes, and says so', () => {
      const slow = { ...network, after_ms: 1_000, loss: 0, fps: 11, received_fps: 30, kbps: 2_000 };
      const moving = given(...watching, { type: 'path.degraded', ...slow });
      expect(moving.last.why).to.include({ reason: 'overloaded' });
      const moved = given(...watching, { type: 'path.degraded', ...slow }, rung('b', '480p', 'r2'), {
        ...{ type: 'leg.playing', leg: 'b', gap_ms: 67 },
      });
      expect(moved.last).to.include({ from_quality: '720p', quality: '480p' });
      expect(moved.last.why).to.include({ reason: 'overloaded' });
    });

    it('goes there before anything is lost, when a queue grows that is about to overflow, and says how late it was', () => {
      const queued = { ...collapsed, after_ms: 0, loss: 0.02, queue_ms: 96 };
      const moving = given(...watching, queued);
      expect(moving.said.slice(-2)).to.have.members(['viewer.degraded', 'viewer.moving']);
      expect(moving.last.why.text).to.equal(
        '360p instead of 720p: its pictures came 96 ms late, each later than the last',
      );
      expect(moving.last.why.guard).to.include({ queueMs: 96 });
      const alone = given(...watching, queued, rung('b', '360p', 'r2'), { type: 'leg.closed', leg: 'a' });
      expect(alone.state, 'its old picture ends before the new one is there').to.equal('moving');
    });

    it('goes up again when it is good, to the camera’s own picture in the end', () => {
      const up = [well, rung('c', '480p', 'r3'), { type: 'leg.playing', leg: 'c', gap_ms: 33 }];
      const own = { ...rung('d', '720p', 'r4'), path: 'cam_001', ladder: false };
      const top = given(...watching, ...low, ...up, well, own, { type: 'leg.playing', leg: 'd', gap_ms: 33 });
      expect(top.last).to.include({ kind: 'rung', from_quality: '480p', quality: '720p', ladder: false });
      expect(top.last.why).to.include({ reason: 'recovered' });
    });

    it('stays where it is when a way up finds no room beside it, and does not try for half a minute', () => {
      const tried = [well, rung('c', '480p', 'r3'), { type: 'leg.closed', leg: 'c', no_room: true }];
      const stayed = given(...watching, ...low, ...tried);
      expect(stayed.state).to.equal('watching');
      expect(stayed.last).to.include({ quality: '360p', ladder: true });
      expect(stayed.last.why).to.include({ trigger: 'leg.closed', reason: 'no-room' });
      expect(stayed.last.why.text).to.match(/^360p stays: beside it the network had no room for 480p/);
      const at = stayed.context.turns.at(-1)?.at ?? Number.NaN;
      const later = (ms: number) => given(...watching, ...low, ...tried, { ...well, at: at + ms }).state;
      expect([later(29_999), later(30_000)]).to.deep.equal(['watching', 'moving']);
      const failed = [well, rung('c', '480p', 'r3'), { type: 'leg.closed', leg: 'c' }];
      expect(given(...watching, ...low, ...failed, well).state, 'given up for another reason').to.equal('moving');
    });

    it('stays where it is when the other rung gives no picture', () => {
      for (const end of [
        { type: 'leg.refused', leg: 'b', detail: 'no-stream' },
        { type: 'alarm.rang', name: 'move' },
      ]) {
        const stayed = given(...watching, collapsed, end);
        expect(stayed.state).to.equal('watching');
        expect(stayed.last).to.include({ quality: '720p', ladder: false });
        expect(stayed.last.why.text).to.equal('720p stays: 360p gave no picture');
      }
    });

    it('is led back from a rung whose encoder can’t keep up, and not down to it again while it is late', () => {
      const late = rungs.map((one) => (one.name === '720p' ? one : { ...one, late_ms: 4_850 }));
      const told = { type: 'rung.late', leg: 'b', late_ms: 4_850, rungs: late };
      const back = given(...watching, ...low, told);
      expect(back.last.why).to.include({ trigger: 'rung.late', reason: 'late' });
      expect(back.last.why.text).to.equal("720p instead of 360p: it came 4.9 s late, as its encoder can't keep up");
      const own = { ...rung('c', '720p', 'r3'), path: 'cam_001', ladder: false };
      const up = [...low, told, own, { type: 'leg.playing', leg: 'c', gap_ms: 33 }];
      const moved = given(...watching, ...up);
      expect(moved.last).to.include({ kind: 'rung', from_quality: '360p', quality: '720p', ladder: false });
      expect(moved.context.turns, 'nobody’s network had anything to do with it').to.have.length(1);
      const again = given(...watching, ...up, { ...well, rungs: late }, { ...collapsed, rungs: late });
      expect(again.state).to.equal('watching');
      expect(again.lastOf('viewer.degraded').why.rejected).to.deep.include({
        option: '360p',
        because: "its pictures come 4.9 s late: its encoder can't keep up",
      });
      const after = given(...watching, ...up, collapsed);
      expect(after.state, 'it comes in time again').to.equal('moving');
    });

    it('stays where it is when what it has left since comes late', () => {
      const told = { type: 'rung.late', leg: 'b', late_ms: 4_850, rungs };
      expect(given(...watching, rung('b', '360p', 'r2'), told).state).to.equal('watching');
    });

    it('keeps the rung that somebody chose', () => {
      const [, ...rest] = watching;
      expect(given({ ...requested, fixed: true }, ...rest, collapsed).state).to.equal('watching');
      const chosen = [
        { ...requested, quality: '360p', fixed: true },
        { ...opened, quality: '360p', ladder: true },
      ];
      const told = { type: 'rung.late', leg: 'a', late_ms: 4_850, rungs };
      expect(given(...chosen, ...rest.slice(1), told).state).to.equal('watching');
    });
  });

  it('seen at the relay watches, even when its player tells nothing', () => {
    expect(given(requested, opened, { type: 'seat.taken', relay: 'relay-1', relay_session: 'r1' }).state).to.equal(
      'watching',
    );
  });

  it('that leaves is over, and so is one whose camera is taken out', () => {
    expect(given(...watching, { type: 'viewer.closed' }).last.why.reason).to.equal('closed');
    expect(given(...watching, { type: 'camera.removed' }).last.why.reason).to.equal('camera-removed');
  });
});
