import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { figure } from '../fixtures/figures.ts';
import type { Answer } from '../fixtures/group.ts';
import { demandFaultless, readBooks, replayAgainstTheLiving } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';
import { startWatchedGroup, type WatchedGroup } from '../fixtures/watched-group.ts';
import { longestGapMs } from '../fixtures/watcher.ts';

/** Room that is left: less than one admission takes. */
const ROOM_BYTES = 1_024;
/** So many are let in while nothing more can be stored, by each gateway. */
const PEOPLE = 20;

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => statSync(path.join(folder, file)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);

describe('a group whose NATS has no room left', function () {
  this.timeout(90_000);
  let watched: WatchedGroup | undefined;
  after(() => watched?.close());

  it('shows pictures and lets people in, says that it is degraded, also after its gateway was killed, and tells all of it once there is room', async () => {
    watched = await startWatchedGroup(['north']);
    const { group, events, watcher } = watched;
    let people = 0;
    const admit = (): Promise<Answer> =>
      group.api('GET', '/live/north/webrtc', undefined, group.token({ sub: `person-${++people}`, role: 'viewer' }));
    const readiness = async () => (await group.api('GET', '/readyz')).body as { status: string; reasons: object[] };

    const settings = path.join(group.state, 'run', 'nats.conf');
    const roomy = readFileSync(settings, 'utf8');
    const room = bytesIn(path.join(group.state, 'nats')) + ROOM_BYTES;
    writeFileSync(settings, roomy.replace('jetstream {', `jetstream { max_file_store: ${room},`));
    const fullAt = await group.kill('nats');

    const granted: string[] = [];
    const expectService = async () => {
      const more = granted.length + PEOPLE;
      while (granted.length < more) {
        const answer = await admit();
        expect(answer.status).to.equal(200);
        granted.push(answer.body.session_id);
      }
      await until('readiness to tell that there is no room', async () => {
        const { status, reasons } = await readiness();
        return status === 'degraded' && JSON.stringify(reasons).includes('no room left');
      });
      for (const session of granted) {
        expect((await group.api('GET', `/api/v1/sessions/${session}`)).body).to.include({ state: 'admitted' });
      }
      expect((await group.api('GET', '/api/v1/cameras/north')).body).to.include({ state: 'live' });
    };
    await expectService();
    const killedAt = await group.kill('gateway');
    await until('its successor to serve', async () => (await group.api('GET', '/readyz')).status === 200, 20_000);
    figure('gateway killed while NATS has no room: serves again after', Date.now() - killedAt);
    await expectService();
    const { presented } = await watcher.moving(Date.now());
    expect(longestGapMs(presented, fullAt)).to.be.lessThan(1_000);

    writeFileSync(settings, roomy);
    await group.kill('nats');
    await until('the group to be ready', async () => (await readiness()).status === 'ready', 30_000);
    for (const session of granted) await events.next('viewer.admitted', `viewer/${session}`);
    demandFaultless(await readBooks(group.group));
    const { cells, faults } = await replayAgainstTheLiving(group);
    expect(faults).to.deep.equal([]);
    expect(cells).to.be.greaterThan(granted.length);
  });
});
