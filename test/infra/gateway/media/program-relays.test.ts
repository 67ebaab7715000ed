import { expect } from 'chai';
import type { ProcessNews } from '../../../../infra/gateway/launcher-link.ts';
import { knowProgramRelays, type ProgramRelays } from '../../../../infra/gateway/media/program-relays.ts';
import { relayName } from '../../../../infra/launcher/node-programs.ts';
import { until } from '../../../fixtures/process.ts';

interface Relay {
  id: string;
  embedded: boolean;
}

describe('the delivery relays that have every program', () => {
  const [ours, theirs] = [
    { id: 'ours', embedded: true },
    { id: 'theirs', embedded: false },
  ] as const;
  const stopped = new Set<string>();
  const there = new Set<string>();
  const feeding = new Set<string>();
  const hearing = new Set<(news: ProcessNews) => void>();
  let changes = 0;
  let asked = 0;
  let relays: ProgramRelays<Relay>;

  beforeEach(() => {
    for (const set of [stopped, feeding, hearing]) set.clear();
    for (const { id } of [ours, theirs]) there.add(id);
    [changes, asked] = [0, 0];
    relays = know();
  });
  afterEach(() => relays.close());
  const know = () =>
    knowProgramRelays<Relay>({
      deliveries: [ours, theirs],
      launcherOf: () => ({
        onProcess(hear) {
          hearing.add(hear);
          return () => hearing.delete(hear);
        },
        isStopped: (name) => stopped.has(name),
      }),
      isThere: (id) => there.has(id),
      async feedsOthers(id) {
        asked += 1;
        return feeding.has(id);
      },
      changed() {
        changes += 1;
      },
    });
  const now = () => relays.now().map(({ id }) => id);
  const tell = (what: ProcessNews['what']) => {
    for (const hear of hearing) hear({ name: relayName('ours'), what, detail: '' });
  };

  it('are without one of ours while its process was ended on purpose', () => {
    tell('exited');
    expect(now(), 'it is started again').to.deep.equal(['ours', 'theirs']);
    stopped.add(relayName('ours'));
    tell('exited');
    expect(now()).to.deep.equal(['theirs']);
    stopped.clear();
    tell('started');
    expect(now()).to.deep.equal(['ours', 'theirs']);
    expect(changes).to.equal(2);
  });

  it('are without one of somebody else’s once that is taken out, though it goes on running, until it is written back', async () => {
    relays.attend();
    there.delete('theirs');
    await until('it to have none any more', () => !now().includes('theirs'));
    expect([now(), changes]).to.deep.equal([['ours'], 1]);
    there.add('theirs');
    await until('it to have them again', () => now().includes('theirs'));
    expect(changes).to.equal(2);
  });

  it('have one that was taken out for as long as streams go on through it to others', async () => {
    feeding.add('theirs');
    relays.attend();
    there.delete('theirs');
    await until('it to be asked twice', () => asked > 1);
    expect(now()).to.deep.equal(['ours', 'theirs']);
    feeding.clear();
    await until('it to have none any more', () => !now().includes('theirs'));
  });

  it('are all of them while the cells of relays are not yet known: a gateway that is started again cuts nobody', async () => {
    const knowing = know();
    knowing.attend();
    there.delete('theirs');
    await until('who knows them to have left it', () => knowing.now().length === 1);
    knowing.close();
    expect(now()).to.deep.equal(['ours', 'theirs']);
  });
});
