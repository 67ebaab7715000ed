import { useState } from 'preact/hooks';
import { callApi } from './api.ts';
import type { Camera, Source } from './model.ts';

/** Demo only: a plug for each source of the camera. */
export function Plugs({ camera }: { camera: Camera }) {
  return (
    <span class="plugs">
      {camera.sources.map((source) => (
        <Plug key={source.id} camera={camera} source={source} only={camera.sources.length === 1} />
      ))}
    </span>
  );
}

const OUT = new Set(['offline', 'quarantined']);

/** Stops or starts a source's process, for real. */
function Plug({ camera, source, only }: { camera: Camera; source: Source; only: boolean }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  // A source that is being asked is plugged in as far as anybody can tell from here.
  const out = OUT.has(source.state) || (only && OUT.has(camera.state));
  const press = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      await callApi('POST', `/api/v1/demo/cameras/${encodeURIComponent(camera.id)}/plug`, {
        source: Number(source.id),
        plugged: out,
      });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <button
      type="button"
      class="plug"
      disabled={busy}
      onClick={press}
      data-source={source.id}
      title={failure || `Demo: stops or starts ${only ? 'this camera' : `source ${source.id}`} for real`}
    >
      {failure
        ? 'Did not work'
        : `${out ? 'Plug in' : only ? 'Pull the plug' : 'Pull plug'}${only ? '' : ` ${source.id}`}`}
    </button>
  );
}
