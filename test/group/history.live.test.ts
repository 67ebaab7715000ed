import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { command } from '../fixtures/command-line.ts';
import type { Follower } from '../fixtures/events.ts';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { demandFaultless, readBooks } from '../fixtures/journal.ts';
import { until } from '../fixtures/process.ts';

/** A test of the cells alone has ten (test/actors/history.live.test.ts); here the launcher waits longer before each start. */
const KILLS = 3;

describe('the event log of a group whose gateway is killed three times', function () {
  this.timeout(90_000);
  let group: TestGroup;
  let events: Follower;
  let folder: string;
  /** Sessions whose admission, and whose end, was answered: both must be known for ever. */
  const admitted: string[] = [];
  const ended: string[] = [];
  let isLoaded = true;

  const json = async (...argv: string[]) => {
    const ran = await command([...argv, '--json', '--state', group.state]);
    expect(ran.code, ran.err).to.equal(0);
    return JSON.parse(ran.out);
  };
  /** People come and go without a pause, and whatever is answered is noted. */
  const load = async (lane: number): Promise<void> => {
    for (let n = 0; isLoaded; n++) {
      try {
        const token = group.token({ sub: `person-${lane}-${n}`, role: 'viewer' });
        const { status, body } = await group.api('GET', '/live/north/webrtc', undefined, token);
        if (status !== 200) throw new Error(`admission answered ${status}`);
        admitted.push(body.session_id);
        if (n % 2) continue;
        const gone = await group.api('DELETE', `/api/v1/sessions/${body.session_id}`);
        if (gone.status === 204) ended.push(body.session_id);
      } catch {
        // The gateway is away just now; people ask again.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-history-'));
    group = await startTestGroup({ cameras: { north: 'rtsp://127.0.0.1:9/nothing' } });
    events = group.follow(0);
    await until('relays', async () => (await group.api('GET', '/readyz')).body.status !== 'down');
  });
  after(async () => {
    events?.close();
    await group?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds everything that was acknowledged, once and in order', async () => {
    const lanes = [0, 1].map(load);
    for (let kill = 0; kill < KILLS; kill++) {
      const before = admitted.length;
      await until('people to come in', () => admitted.length > before + 5, 15_000);
      await group.kill('gateway');
    }
    const before = admitted.length;
    await until('people to come in after the last kill', () => admitted.length > before, 15_000);
    isLoaded = false;
    await Promise.all(lanes);

    const books = await readBooks(group.group);
    demandFaultless(books);
    const said = (event: string) =>
      books.told
        .filter(({ envelope }) => envelope.type === `signalbox.viewer.${event}`)
        .map(({ envelope }) => envelope.subject.slice('viewer/'.length));
    expect(said('admitted')).to.include.members(admitted);
    expect(said('ended')).to.include.members(ended);
    await until('all events', () => (events.heard.at(-1)?.sequence ?? 0) >= (books.told.at(-1)?.seq ?? 0));
    const heard = events.heard.map(({ sequence }) => sequence);
    expect(heard.slice(0, books.told.length)).to.deep.equal(books.told.map(({ seq }) => seq));
  });

  it('replays to what is, and an exported file to the same state on a machine without the group', async () => {
    const at = Date.now();
    const live = await json('replay', '--at', String(at));
    expect(live).to.include({ first_difference: null, from_checkpoint: 0 });
    const asked = await group.api('GET', `/api/v1/replay?at=${at}`);
    expect(asked.body.hash).to.equal(live.hash);
    const file = path.join(folder, 'night.sbx');
    const made = await json('export', '--to', String(at), '--out', file);
    const elsewhere = await command(['replay', '--file', file, '--json', '--state', path.join(folder, 'nowhere')]);
    expect(elsewhere.code, elsewhere.err).to.equal(0);
    expect(JSON.parse(elsewhere.out).hash).to.equal(live.hash).and.equal(made.state);
    expect(made.records).to.be.greaterThan(admitted.length);
  });

  it('knows who was let in and who left, in a ledger that proves itself', async () => {
    const written = async () => {
      const ran = await command(['ledger', 'list', '--json', '--state', group.state]);
      return ran.out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    };
    const of = (entries: { what: string; session: string }[], what: string) =>
      entries.filter((entry) => entry.what === what).map(({ session }) => session);
    const entries = await until('every session', async () => {
      const found = await written();
      const isIn = (what: string, sessions: string[]) => sessions.every((session) => of(found, what).includes(session));
      return isIn('admitted', admitted) && isIn('ended', ended) ? found : undefined;
    });
    expect(new Set(of(entries, 'admitted')).size).to.equal(of(entries, 'admitted').length);
    expect((await json('ledger', 'verify')).fault).to.equal(null);
  });
});
