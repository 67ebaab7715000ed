import { expect } from 'chai';
import { pino } from 'pino';
import type { LivePath } from '../../../../adapters/mediamtx.ts';
import { handOverCameras } from '../../../../infra/gateway/media/hand-over.ts';
import { until } from '../../../fixtures/process.ts';

const WHY = { trigger: 'test', text: 'so' };
const path = (name: string, readers = 1): LivePath => ({
  ...{ name, available: true, outboundBytes: 0, inboundBytes: 1, source: null },
  readers: Array.from({ length: readers }, (_, n) => ({ type: 'rtspSession', id: `${n}` })),
});

/** Intake `a`, which is to be empty, and `b`; what they pull is set by hand. */
function stage(cameras: string[], pulls = cameras, foreign: string[] = []) {
  const relays: Record<string, LivePath[]> = { a: pulls.map((camera) => path(`in/${camera}/0`)), b: [] };
  const done: string[] = [];
  let looks = 0;
  const at = new Map(cameras.map((camera) => [camera, 'a']));
  const handOver = handOverCameras({
    intakes: {
      leaving: () => cameras.map((camera) => ({ camera, choice: { intake: 'b', why: WHY } })),
      leave(intake) {
        const moved = cameras.filter((camera) => at.get(camera) === intake);
        return { moved, stuck: [] };
      },
      move(camera, { intake = '' }) {
        done.push(`${camera} is ${intake}'s`);
        at.set(camera, intake);
      },
    },
    cross: (camera, to) => ({
      paths: pulls.includes(camera) ? [`in/${camera}/0`] : [],
      arrive: () => done.push(`${camera} is pulled by ${to} alone`),
      giveUp: () => done.push(`${camera} is not pulled by ${to}`),
    }),
    async paths(intake) {
      looks += 1;
      return relays[intake] ?? [];
    },
    isForeign: (camera) => foreign.includes(camera),
    log: pino({ level: 'silent' }),
    patienceMs: 1_000,
  });
  /** It has looked twice more at what the intakes pull. */
  const looked = () => {
    const enough = looks + 2;
    return until('another look', () => looks >= enough);
  };
  return { relays, done, ...handOver, looked };
}

describe('the cameras of an intake that shall be empty', () => {
  it('are pulled by another first; the old pull ends when nobody reads it any more', async () => {
    const { relays, done, empty, looked } = stage(['cam_1']);
    const emptied = empty('a');
    await looked();
    expect(done, 'the other one has no picture yet').to.deep.equal([]);
    relays.b = [path('in/cam_1/0', 0)];
    await until('the switcher to be sent there', () => done.length > 0);
    await looked();
    expect(done, 'the switcher still reads the old one').to.deep.equal(["cam_1 is b's"]);
    relays.a = [path('in/cam_1/0', 0)];
    expect(await emptied).to.deep.equal({ lost: [], stuck: [] });
    expect(done.at(-1)).to.equal('cam_1 is pulled by b alone');
  });

  it('go the short way where they can not be pulled twice, or nothing of them is pulled here', async () => {
    const { done, empty } = stage(['once', 'idle'], ['once']);
    expect(await empty('a')).to.deep.equal({ lost: ['once', 'idle'], stuck: [] });
    expect(done).to.have.members(['once is not pulled by b', 'idle is not pulled by b']);
  });

  it('are not all of them where there are other gateways: those hand over theirs, and it is empty only then', async () => {
    const { relays, empty, looked } = stage(['idle'], [], ['other', 'sent']);
    const pulled = { ...path('in/other/0'), source: { type: 'rtspSource', id: '1' } };
    relays.a = [pulled, { ...path('in/sent/0'), source: { type: 'rtmpConn', id: '2' } }];
    let isEmpty = false;
    const emptied = empty('a').then(() => {
      isEmpty = true;
    });
    await looked();
    await looked();
    expect(isEmpty, 'another gateway’s camera is pulled there').to.equal(false);
    relays.a = relays.a.slice(1);
    await emptied;
  });

  it('are none that another gateway has taken up since: that one hands them over, and nobody tells them that they are lost', async () => {
    const { done, empty } = stage(['theirs'], [], ['theirs']);
    expect(await empty('a')).to.deep.equal({ lost: [], stuck: [] });
    expect(done).to.deep.equal([]);
  });

  it('are handed over once, however often it is asked for', async () => {
    const { empty } = stage(['idle'], []);
    const first = empty('a');
    expect(empty('a')).to.equal(first);
    await first;
  });
});

describe('a camera that is published at another intake than its own', () => {
  const choice = { intake: 'b', why: WHY };

  it('goes there; what is pulled of it is pulled there first', async () => {
    const { relays, done, follow, looked } = stage(['cam_1']);
    const followed = follow('cam_1', 'a', choice);
    expect(follow('cam_1', 'a', choice), 'one way at a time').to.equal(followed);
    await looked();
    expect(done).to.deep.equal([]);
    relays.b = [path('in/cam_1/0', 0)];
    await until('the switcher to be sent there', () => done.length > 0);
    relays.a = [path('in/cam_1/0', 0)];
    await followed;
    expect(done).to.deep.equal(["cam_1 is b's", 'cam_1 is pulled by b alone']);
  });

  it('goes at once where nothing else of it is pulled', async () => {
    const { done, follow } = stage(['cam_1'], []);
    await follow('cam_1', 'a', choice);
    expect(done.filter((one) => !one.includes('not pulled'))).to.deep.equal([
      "cam_1 is b's",
      'cam_1 is pulled by b alone',
    ]);
  });
});
