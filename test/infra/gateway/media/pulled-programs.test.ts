import { expect } from 'chai';
import type { RelayPaths } from '../../../../adapters/mediamtx/relay-paths.ts';
import {
  keepPulledPrograms,
  type PulledPrograms,
  type Upstream,
} from '../../../../infra/gateway/media/pulled-programs.ts';
import { until } from '../../../fixtures/process.ts';

describe('the programs that a relay pulls', () => {
  const done: string[] = [];
  let upstream: Upstream | undefined;
  let ours = true;
  const changes: string[] = [];
  let programs: PulledPrograms;

  beforeEach(() => {
    done.length = 0;
    changes.length = 0;
    ours = true;
    upstream = { relay: 'relay-1', since: 1 };
    programs = keepPulledPrograms({
      pullers: ['far'],
      paths: (relay) =>
        ({
          want(name, { source, sourceOnDemand }) {
            expect([relay, sourceOnDemand]).to.deep.equal(['far', true]);
            // A pattern is for departure paths.
            done.push(name.startsWith('~') ? `depart from ${source}` : `want ${name} from ${source}`);
          },
          drop: (name) => void done.push(`drop ${name}`),
          leave: (name) => void done.push(`leave ${name}`),
        }) as Partial<RelayPaths> as RelayPaths,
      upstreamOf: () => upstream,
      caresFor: () => ours,
      serverAt: (relay, puller) => `rtsp://${relay}.by.${puller}/`,
      changed: () => void changes.push([...programs.now()].join()),
      programAt: (relay, camera, puller) => `rtsp://${relay}/${camera}?by=${puller}`,
      refused: (_relay, detail) => expect.fail(detail),
    });
  });
  afterEach(() => programs.close());
  const from = (relay: string, ...cameras: string[]) => [
    `depart from rtsp://${relay}.by.far/$G1?$MTX_QUERY`,
    ...cameras.map((camera) => `want ${camera} from rtsp://${relay}/${camera}?by=far`),
  ];
  const news = async (what: string, count: number): Promise<string[]> => {
    await until(what, () => done.length >= count);
    return done.splice(0);
  };

  it('are those of the cameras that there are, as they come and go', () => {
    programs.setCameras(['a', 'b']);
    expect(done.splice(0)).to.deep.equal(from('relay-1', 'a', 'b'));
    programs.setCameras(['b', 'c']);
    expect(done).to.deep.equal(['drop a', ...from('relay-1', 'c').slice(1)]);
  });

  it('are read from elsewhere when the cell of the relay says so, and anew when the same one is there again', async () => {
    programs.setCameras(['a', 'b']);
    done.length = 0;
    upstream = { relay: 'relay-2', since: 2 };
    expect(await news('another upstream', 5)).to.deep.equal(['leave a', 'leave b', ...from('relay-2', 'a', 'b')]);
    upstream = { relay: 'relay-2', since: 3 };
    expect(await news('the same again', 5)).to.deep.equal(['leave a', 'leave b', ...from('relay-2', 'a', 'b')]);
    expect(changes, 'departure paths begin elsewhere').to.deep.equal(['far,relay-1', 'far,relay-2', 'far,relay-2']);
  });

  it('stay as they are while there is nothing to pull from', async () => {
    programs.setCameras(['a']);
    done.length = 0;
    upstream = undefined;
    expect(await news('no upstream', 1)).to.deep.equal(['leave a']);
    expect([...programs.now()]).to.deep.equal([]);
    programs.setCameras(['a', 'b']);
    expect(done).to.deep.equal([]);
    upstream = { relay: 'relay-1', since: 4 };
    expect(await news('an upstream', 3)).to.deep.equal(from('relay-1', 'a', 'b'));
  });

  it('are for the gateway in which the cell of the relay lives; others know from where it pulls all the same', async () => {
    ours = false;
    programs.setCameras(['a']);
    expect(done).to.deep.equal([]);
    expect([...programs.now()]).to.deep.equal([['far', 'relay-1']]);
    ours = true;
    expect(await news('the cell to come', 2)).to.deep.equal(from('relay-1', 'a'));
    ours = false;
    expect(await news('the cell to go', 1)).to.deep.equal(['leave a']);
  });
});
