import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { CAMERA_TIMES } from '../../machines/camera/context.ts';
import { cameraMachine } from '../../machines/camera.ts';
import { given as came } from '../fakes/given.ts';
import { answers, ends, fails, feeds, flows, holds } from '../fakes/source.ts';

const settings = {
  name: 'North gate',
  zone: 'hcm/airport',
  sources: [{ id: '0', url: 'rtsp://127.0.0.1/main' }],
  keep: 'warm' as const,
  eye: true,
};

const given = (...heard: AnyEventObject[]) => came(cameraMachine, 'cam_001', ...heard);

const configured = { type: 'camera.configured', settings };
const answered = answers();
const comes = [answered, flows(), feeds()];
const fedAgain = feeds('0', { from: 'slate', trigger: 'ended', how: 'burst' });
const returns = [answered, flows(), fedAgain];
const live = [configured, ...comes];
const ended = ends();

describe('a camera', () => {
  it('is asked, pulled and shown', () => {
    const camera = given(...live);
    expect(camera.state).to.equal('live');
    expect(camera.said).to.deep.equal(['camera.connecting', 'camera.live']);
    expect(camera.invoked.sort()).to.deep.equal(['eye', 'intake.0', 'program', 'selection']);
    expect(camera.tags).to.include('watchable');
  });

  it('that nobody watches and that is kept on demand is not pulled', () => {
    const camera = given({ type: 'camera.configured', settings: { ...settings, keep: 'on-demand' } });
    expect(camera.state).to.equal('idle');
    expect(camera.invoked).to.deep.equal([]);
  });

  it('kept on demand is pulled for its first viewer, lingers after its last, and is let go', () => {
    const onDemand = { type: 'camera.configured', settings: { ...settings, keep: 'on-demand' } };
    const joined = { type: 'audience.joined', viewer: 'v1' };
    const left = { type: 'audience.left', viewer: 'v1', at: 5_000 };
    expect(given(onDemand, joined).state).to.equal('connecting');
    const lingering = given(onDemand, joined, ...comes, left);
    expect(lingering.state).to.equal('live');
    expect(lingering.invoked).to.include('linger');
    expect(lingering.context.lingerUntil).to.equal(5_000 + CAMERA_TIMES.lingerMs);
    const gone = given(onDemand, joined, ...comes, left, { type: 'alarm.rang', name: 'linger' });
    expect(gone.state).to.equal('idle');
    expect(gone.invoked).to.deep.equal([]);
  });

  it('whose picture has another size in mid-stream stays live, and says so once, with both sizes', () => {
    const smaller = { ...flows(), width: 640, height: 360 };
    const resized = given(...live, smaller, smaller);
    expect(resized.said).to.deep.equal(['camera.connecting', 'camera.live', 'camera.resized']);
    expect(resized.last).to.deep.include({ state: 'live', width: 640, height: 360 });
    expect(resized.last.why).to.deep.include({
      reason: 'resized',
      guard: { width: 640, height: 360, from_width: 1280, from_height: 720 },
    });
    expect(resized.context.standings['0']).to.include({ width: 640, height: 360 });
    expect(given(...live, flows()).said).to.deep.equal(['camera.connecting', 'camera.live']);
  });

  it('that falls silent is stalled, then offline, and says since when', () => {
    const silent = { type: 'source.silent', source: '0', silent_ms: 900, at: 10_000 };
    const stalled = given(...live, silent);
    expect(stalled.state).to.equal('stalled');
    expect(stalled.last).to.have.property('detect_ms', 900);
    expect(stalled.context.standings['0'].deadline).to.equal(9_100 + CAMERA_TIMES.offlineAfterMs);
    expect(stalled.invoked).to.include('silence.0');
    const held = given(...live, silent, holds('0', 'silent'));
    expect(held.state).to.equal('stalled');
    const offline = given(...live, silent, holds('0', 'silent'), { type: 'alarm.rang', name: 'silence:0', at: 14_100 });
    expect(offline.state).to.equal('offline');
    expect(offline.last?.why).to.have.property('reason', 'timeout');
    expect(offline.last?.why.guard.detail).to.contain('5000 ms');
    expect(offline.invoked).to.include('probe.0');
  });

  it('whose plug is pulled is asked at once and offline with the reason', () => {
    const camera = given(...live, ended, holds(), fails());
    expect(camera.said.slice(-2)).to.deep.equal(['camera.holding', 'camera.offline']);
    expect(camera.last?.why).to.have.property('reason', 'refused');
    expect(camera.invoked).to.include('program');
  });

  it('that comes back says how long the picture was away', () => {
    const camera = given(...live, { ...ended, at: 20_000 }, holds(), answered, { ...flows(), at: 20_399 }, fedAgain);
    expect(camera.state).to.equal('live');
    expect(camera.last).to.have.property('recover_ms', 400);
  });

  it('whose picture stands still is frozen, which is not offline, and recovers when it moves', () => {
    const frozen = given(...live, { type: 'eye.frozen', still_ms: 8_000 });
    expect(frozen.state).to.equal('frozen');
    expect(given(...live, { type: 'eye.frozen', still_ms: 8_000 }, { type: 'eye.moved' }).state).to.equal('live');
  });

  it('that comes and goes is quarantined, and asked again afterwards', () => {
    const falls = Array.from({ length: 5 }, () => [ended, holds(), ...returns]).flat();
    const camera = given(...live, ...falls, ended);
    expect(camera.state).to.equal('quarantined');
    expect(camera.invoked).to.not.include('probe.0');
    const again = given(...live, ...falls, ended, { type: 'alarm.rang', name: 'quarantine:0' });
    expect(again.state).to.equal('holding');
    expect(again.context.standings['0'].falls).to.deep.equal([]);
  });

  it('is not blamed for the fall of its relay', () => {
    const camera = given(...live, ended, { type: 'intake.lost', detail: 'exit 1' });
    expect(camera.state).to.equal('holding');
    expect(camera.context.standings['0'].why).to.have.property('reason', 'relay');
    expect(camera.context.standings['0'].falls).to.deep.equal([]);
  });

  it('that answers but brings no picture is asked less and less often', () => {
    const rang = { type: 'alarm.rang', name: 'opening:0' };
    const once = given(configured, answered, rang);
    expect(once.state).to.equal('offline');
    const twice = given(configured, answered, rang, answered, rang);
    expect(twice.context.standings['0'].attempts).to.equal(2);
  });

  it('repeats an unchanged reason to nobody', () => {
    expect(given(configured, fails(), fails()).said).to.deep.equal(['camera.connecting', 'camera.offline']);
  });

  it('whose relay stops carrying it says so, and not that the camera is gone', () => {
    const lost = given(...live, { type: 'program.lost', detail: 'relay-1' });
    expect(lost.state).to.equal('connecting');
    expect(lost.last?.why).to.have.property('reason', 'relay');
    expect(given(...live, { type: 'program.lost', detail: 'relay-1' }, { type: 'program.restored' }).state).to.equal(
      'live',
    );
  });

  it('whose address changes is asked at the new one', () => {
    const moved = { ...settings, sources: [{ id: '0', url: 'rtsp://127.0.0.1/other' }] };
    const camera = given(...live, { type: 'camera.configured', settings: moved });
    expect(camera.state).to.equal('connecting');
    expect(camera.invoked).to.include('probe.0');
  });

  it('that is only renamed keeps its picture', () => {
    const camera = given(...live, { type: 'camera.configured', settings: { ...settings, name: 'South gate' } });
    expect(camera.state).to.equal('live');
    expect(camera.context.settings?.name).to.equal('South gate');
  });

  it('that is removed lets everything go', () => {
    const camera = given(...live, { type: 'camera.removed' });
    expect(camera.state).to.equal('removed');
    expect(camera.invoked).to.deep.equal([]);
  });

  describe('that is sent to us', () => {
    const publisher = { id: 'conn-1', person: 'omar', protocol: 'whip', network: 'private', since: 5_000, iat: 4 };
    const came = { type: 'publisher.came', source: '0', publisher };

    it('says who publishes, over which protocol, from what kind of network, since when, and why no more', () => {
      const camera = given(configured, came);
      const shown = { person: 'omar', protocol: 'whip', network: 'private', since: 5_000 };
      expect(camera.said.at(-1)).to.equal('camera.publisher');
      expect(camera.last).to.deep.include({ source: '0', publishing: true, publisher: shown, state: 'connecting' });
      expect(camera.last?.why.text).to.equal('omar publishes over WHIP from a private network');
      const gone = given(configured, came, { type: 'publisher.left', source: '0', reason: 'revoked' });
      expect(gone.last).to.deep.include({ publishing: false, publisher: shown });
      expect(gone.last?.why).to.include({ reason: 'revoked' });
      expect(gone.context.publishers).to.deep.equal({});
    });

    it('says who sent it to another intake and was cut, and where to go, until somebody sends it where it belongs', () => {
      const lost = { ...publisher, id: 'conn-9', person: 'mai', protocol: 'rtmp' };
      const misplaced = {
        ...{ type: 'publisher.misplaced', source: '0', publisher: lost, intake: 'intake-2', own: 'intake-1' },
        ...{ because: 'intake-1 has its publisher already', at: 9_000 },
      };
      const camera = given(configured, misplaced);
      expect(camera.said.at(-1)).to.equal('camera.misplaced');
      expect(camera.last).to.deep.include({ source: '0', intake: 'intake-2', state: 'connecting' });
      expect(camera.last.publisher).to.deep.equal({
        person: 'mai',
        protocol: 'rtmp',
        network: 'private',
        since: 5_000,
      });
      expect(camera.last.why.text).to.equal(
        'mai publishes over RTMP from a private network to intake-2, and was cut: intake-1 has its publisher already. POST /publish/cam_001 tells the address at intake-1',
      );
      expect(camera.context.misplaced).to.include({ at: 9_000, intake: 'intake-2' });
      expect(given(configured, misplaced, came).context.misplaced).to.equal(undefined);
    });

    it('says nothing of one who was not known', () => {
      const left = { type: 'publisher.left', source: '0', reason: 'left' };
      expect(given(configured, left).said).to.deep.equal(given(configured).said);
    });
  });
});
