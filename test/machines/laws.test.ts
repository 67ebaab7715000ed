import { expect } from 'chai';
import { laws, ownershipFault, publisherFault } from '../../machines/laws.ts';
import { VIEWER_TIMES } from '../../machines/viewer/context.ts';
import { viewerMachine } from '../../machines/viewer.ts';
import { given } from '../fakes/given.ts';

describe('the law of one owner', () => {
  it('holds while owners follow one another, each writing in its own order', () => {
    expect(ownershipFault(['a-r1', 'a-r2', 'b-r0', 'b-r1', 'b-r1-left', 'c-r0'])).to.equal(undefined);
  });

  it('is broken by whoever writes after another has taken the cell up', () => {
    expect(ownershipFault(['a-r1', 'b-r0', 'a-r2'])).to.equal('a-r2 was written after b had taken the cell up');
  });

  it('is broken by a record that stands there twice, or too late', () => {
    expect(ownershipFault(['a-r1', 'a-r1'])).to.equal("a-r1 was written after its owner's record 1");
    expect(ownershipFault(['a-r1', 'a-r1-left', 'a-r1-left'])).to.match(/^a-r1-left was written after/);
    expect(ownershipFault(['a-r10', 'a-r9'])).to.equal("a-r9 was written after its owner's record 10");
  });
});

describe('the law that nobody waits without a bound', () => {
  const requested = {
    type: 'viewer.requested',
    ...{ camera: 'cam_001', zone: 'hcm', subject: { sub: 'lan', role: 'admin', cameras: [], zones: [], iat: 1 } },
    ...{ protocol: 'webrtc', quality: '720p', address: '127.0.0.1', expires_at: 3_600_000, held: 0, quota: 2 },
    ...{ relay: 'relay-1', standby: '', at: 1_000 },
  };
  const opened = { type: 'leg.opened', leg: 'a', relay: 'relay-1', path: 'cam_001', relay_session: 'r1', at: 1_000 };
  const playing = { type: 'leg.playing', leg: 'a', at: 1_000 };
  const lost = { type: 'relay.lost', relay: 'relay-1', reason: 'dead', at: 5_000 };
  const judge = (at: number, ...heard: Parameters<typeof given>[2][]) => {
    const { context, tags } = given(viewerMachine, 'ses_1', ...heard);
    return laws.viewer(context as never, tags, at);
  };

  it('is broken by who is still without a relay when the time for that is over, and not before', () => {
    const over = 5_000 + VIEWER_TIMES.moveMs;
    expect(judge(over, requested, opened, playing, lost)).to.equal(undefined);
    expect(judge(over + 1, requested, opened, playing, lost)).to.contain('1 ms more than its bound');
  });

  it('is broken by who has not connected in time, and by who is there without a right', () => {
    const over = 1_000 + VIEWER_TIMES.connectMs;
    expect(judge(over, requested)).to.equal(undefined);
    expect(judge(over + 1, requested)).to.contain('nobody has connected');
    expect(judge(3_600_000, requested, opened, playing)).to.equal(undefined);
    expect(judge(3_600_001, requested, opened, playing)).to.contain('its right has run out');
  });
});

describe('the law of one publisher', () => {
  it('holds while each program is held once', () => {
    expect(publisherFault(['cam_001', 'cam_002'])).to.equal(undefined);
  });

  it('is broken by a program that is held twice', () => {
    expect(publisherFault(['cam_001', 'cam_002', 'cam_001'])).to.equal('the program of cam_001 is published twice');
  });
});
