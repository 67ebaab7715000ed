import { setTimeout as elapsed } from 'node:timers/promises';
import { expect } from 'chai';
import type { Follower } from '../fixtures/events.ts';
import { figure } from '../fixtures/figures.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { type ProgramReader, readProgram } from '../fixtures/program-reader.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { type Chance, chance } from '../sim/chance.ts';

const SUBJECT = 'camera/gate';
const SHAKEN_MS = 15_000;
const HAND_BACK_MS = 2_000;
/** Within so long a source has shown how often it sends; until then, three seconds without any picture are granted it. */
const LEARNT_MS = 1_500;
/** Silent for 900 ms it is left, for the other one or the slate; what hangs, does so for up to three seconds. */
const LONGEST_GAP_MS = 1_500;

describe('a camera both of whose sources come and go', function () {
  this.timeout(60_000);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  let site: Site;
  let group: TestGroup;
  let events: Follower;
  let reader: ProgramReader;

  before(async () => {
    site = await startSite(['main', 'spare']);
    const sources = [site.server.rtsp('main'), site.server.rtsp('spare')];
    const gate = { name: 'Gate', zone: 'hcm/test', sources, hand_back: `${HAND_BACK_MS}ms` };
    group = await startTestGroup({ cameras: { gate } });
    events = group.follow(0);
    await events.next('camera.live', SUBJECT, 0, 20_000);
    const { body } = await group.api('GET', '/live/gate/rtsp');
    reader = await readProgram(body.rtsp_url);
    await until('pictures', () => reader.packets.length > 100);
  });
  after(async () => {
    reader?.close();
    events?.close();
    await group?.stop();
    await site?.close();
  });

  /** Cuts a source again and again: mostly it hangs for a moment, now and then its encoder is killed. @returns how often */
  const shake = async (name: string, drawn: Chance): Promise<number> => {
    const endsAt = performance.now() + SHAKEN_MS;
    let [cuts, onMs] = [0, 300];
    for (let kills = 0; performance.now() < endsAt; cuts += 1) {
      const awayMs = 100 + drawn.below(3_000);
      await elapsed(onMs + drawn.below(1_500));
      onMs = 300;
      if (kills < 2 && drawn.happens(0.25)) {
        kills += 1;
        await site.leave(name);
        await elapsed(awayMs);
        await site.join(name);
        onMs = LEARNT_MS;
      } else {
        site.signal(name, 'SIGSTOP');
        await elapsed(awayMs);
        site.signal(name, 'SIGCONT');
      }
    }
    return cuts;
  };

  it('has a picture or its slate all the time, in order and for every reader, and is not handed to and fro', async () => {
    const [shakenAt, fromMs] = [Date.now(), performance.now()];
    const [main, spare] = await Promise.all([shake('main', chance(seed)), shake('spare', chance(seed + 1))]);
    await until('it to be live', async () => (await group.api('GET', '/api/v1/cameras/gate')).body.state === 'live');
    const seen = reader.packets.length;
    await until('its pictures', () => reader.packets.length > seen + 100);

    const shown = events.heard.filter(({ subject, at }) => subject === SUBJECT && at >= shakenAt);
    const switches = shown.filter(({ type }) => type === 'camera.switched');
    const handBacks = switches.filter(({ data }) => data.why.reason === 'steady');
    figure('both sources come and go: longest gap between packets', reader.gapMs(fromMs));
    expect(reader.gapMs(fromMs), `seed ${seed}`).to.be.below(LONGEST_GAP_MS);
    expect(reader.faults(), `seed ${seed}`).to.deep.equal([]);
    // Two seconds of steadiness after the first loss, then four, then eight.
    expect(handBacks.length, `seed ${seed}`).to.be.at.most(3);
    expect(switches.length - handBacks.length, `seed ${seed}: one for each cut`).to.be.at.most(main + spare);
    expect(reader.dropped()).to.equal(undefined);
    expect((await replayAgainstTheLiving(group)).faults).to.deep.equal([]);
  });
});
