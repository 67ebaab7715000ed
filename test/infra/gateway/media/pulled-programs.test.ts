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
  let programs: PulledPrograms;

  beforeEach(() => {
    done.length = 0;
    upstream = { relay: 'relay-1', since: 1 };
    programs = keepPulledPrograms({
      pullers: ['far'],
      paths: (relay) =>
        ({
          want(name, { source, sourceOnDemand }) {
            expect([relay, sourceOnDemand]).to.deep.equal(['far', true]);
            done.push(`want ${name} from ${source}`);
          },
          drop: (name) => void done.push(`drop ${name}`),
          leave: (name) => void done.push(`leave ${name}`),
        }) as Partial<RelayPaths> as RelayPaths,
      upstreamOf: () => upstream,
      programAt: (relay, camera, puller) => `rtsp://${relay}/${camera}?by=${puller}`,
      refused: (_relay, detail) => expect.fail(detail),
    });
  });
  afterEach(() => programs.close());
  const from = (relay: string) => (camera: string) => `want ${camera} from rtsp://${relay}/${camera}?by=far`;
  const news = async (what: string, count: number): Promise<string[]> => {
    await until(what, () => done.length >= count);
    return done.splice(0);
  };

  it('are those of the cameras that there are, as they come and go', () => {
    programs.setCameras(['a', 'b']);
    expect(done.splice(0)).to.deep.equal(['a', 'b'].map(from('relay-1')));
    programs.setCameras(['b', 'c']);
    expect(done).to.deep.equal(['drop a', from('relay-1')('c')]);
  });

  it('are read from elsewhere when the cell of the relay says so, and anew when the same one is there again', async () => {
    programs.setCameras(['a', 'b']);
    done.length = 0;
    upstream = { relay: 'relay-2', since: 2 };
    expect(await news('another upstream', 4)).to.deep.equal(['leave a', 'leave b', ...['a', 'b'].map(from('relay-2'))]);
    upstream = { relay: 'relay-2', since: 3 };
    expect(await news('the same again', 4)).to.deep.equal(['leave a', 'leave b', ...['a', 'b'].map(from('relay-2'))]);
  });

  it('stay as they are while there is nothing to pull from, or another gateway cares for them', async () => {
    programs.setCameras(['a']);
    done.length = 0;
    upstream = undefined;
    expect(await news('no upstream', 1)).to.deep.equal(['leave a']);
    programs.setCameras(['a', 'b']);
    expect(done).to.deep.equal([]);
    upstream = { relay: 'relay-1', since: 4 };
    expect(await news('an upstream', 2)).to.deep.equal(['a', 'b'].map(from('relay-1')));
  });
});
