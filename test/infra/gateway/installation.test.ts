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
import { fakeHouse } from '../../fakes/house.ts';

describe('a camera that is added at one of several gateways', () => {
  it('gets its ladder and its recording with it, also where it lives at another gateway', async () => {
    const state = mkdtempSync(path.join(tmpdir(), 'sbx-installation-'));
    try {
      const { roster } = fakeHouse();
      const secrets = openSecrets(path.join(state, 'secrets'));
      const config = readConfig(path.join(state, 'signalbox.yaml'), 'auth: local', {});
      const installation = keepInstallation(config, {
        group: { demo: false, relays: [], remoteRelays: [] } as unknown as Group,
        cells: roster,
        belongsHere: () => false,
        overlay: openOverlay(state, secrets),
        secrets,
        onCameras: () => {},
        placeCameras: async () => {},
      });
      const camera = { zone: 'default', sources: ['rtsp://192.0.2.7/a'], record: { keep_ms: 60_000 } };
      await installation.changes.add(id('cam_001'), camera, 'local');
      const kinds = ['camera', 'rendition', 'recording'] as const;
      expect(kinds.filter((kind) => roster.view({ kind, id: id('cam_001') }))).to.deep.equal(kinds);
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
  });
});
