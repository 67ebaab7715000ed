import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { openSecrets } from '../../../adapters/secrets.files.ts';
import { id } from '../../../bus/identity.ts';
import { openOverlay } from '../../../infra/config/overlay.ts';
import { readConfig } from '../../../infra/config.ts';
import { keepInstallation } from '../../../infra/gateway/installation.ts';
import type { Group } from '../../../infra/group.ts';
import type { RenditionContext } from '../../../machines/rendition/context.ts';
import { fakeHouse } from '../../fakes/house.ts';

describe('the cameras of an installation', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(path.join(tmpdir(), 'sbx-installation-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const saying = (text: string) => readConfig(path.join(state, 'signalbox.yaml'), text, {});
  const install = (text: string, isHere: boolean) => {
    const { roster } = fakeHouse();
    const secrets = openSecrets(path.join(state, 'secrets'));
    const installation = keepInstallation(saying(text), {
      group: { demo: false, relays: [], remoteRelays: [] } as unknown as Group,
      cells: roster,
      belongsHere: () => isHere,
      overlay: openOverlay(state, secrets),
      secrets,
      onCameras: () => {},
      placeCameras: async () => {},
    });
    return { roster, installation };
  };

  it('get ladder and recording with them, also where they live at another gateway than they are added at', async () => {
    const { roster, installation } = install('auth: local', false);
    const camera = { zone: 'default', sources: ['rtsp://192.0.2.7/a'], record: { keep_ms: 60_000 } };
    await installation.changes.add(id('cam_001'), camera, 'local');
    const kinds = ['camera', 'rendition', 'recording'] as const;
    expect(kinds.filter((kind) => roster.view({ kind, id: id('cam_001') }))).to.deep.equal(kinds);
  });

  it('have the ladder that the file, or the API, gives them, as it changes, and else the usual one', async () => {
    const camera = (more: string) => `cameras:\n  a:\n    sources: [rtsp://h/x]\n${more}`;
    const { roster, installation } = install('auth: local', true);
    const ladder = (name: string) => {
      const view = roster.view({ kind: 'rendition', id: id(name) });
      const { wanted = [], keep } = (view?.context ?? {}) as Partial<RenditionContext>;
      return [...wanted.map((rung) => `${rung.name} ${rung.bitrate_bps}`), keep].join(', ');
    };
    await installation.apply(saying(camera('    ladder: [{ height: 540, bitrate_kbps: 1400 }, 360p]\n')));
    expect(ladder('a')).to.equal('540p 1400000, 360p 500000, warm');
    await installation.apply(
      saying(camera('    ladder: [{ height: 540, bitrate_kbps: 1600 }]\n    keep: on-demand\n')),
    );
    expect(ladder('a')).to.equal('540p 1600000, on-demand');
    await installation.apply(saying(camera('    keep: warm\n')));
    expect(ladder('a')).to.equal('720p 2000000, 480p 1000000, 360p 500000, on-demand');
    await installation.changes.add(id('b'), { sources: ['rtsp://h/y'], ladder: ['480p'] }, 'local');
    expect(ladder('b')).to.equal('480p 1000000, warm');
    await installation.changes.patch(id('b'), { ladder: [{ height: 480, bitrate_bps: 800_000 }] }, 'local');
    expect(ladder('b')).to.equal('480p 800000, warm');
    await installation.changes.patch(id('b'), { ladder: null }, 'local');
    expect(ladder('b')).to.equal('720p 2000000, 480p 1000000, 360p 500000, on-demand');
  });
});
