import { useState } from 'preact/hooks';
import { callApi } from './api.ts';
import type { Camera } from './model.ts';
import { wordsFor } from './words.ts';

/** Demo only: stops or starts the camera's process, for real. */
export function Plug({ camera }: { camera: Camera }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  // A camera that waits for its picture is plugged in as far as anybody can tell from here.
  const out = wordsFor(camera.state).dark && camera.state !== 'connecting';
  const press = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      await callApi('POST', `/api/v1/demo/cameras/${encodeURIComponent(camera.id)}/plug`, { source: 0, plugged: out });
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
      title={failure || 'Demo: stops or starts this camera for real'}
    >
      {failure ? 'Did not work' : out ? 'Plug in' : 'Pull the plug'}
    </button>
  );
}
