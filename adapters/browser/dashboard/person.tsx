import { useState } from 'preact/hooks';
import { callApi } from './api.ts';

/** Who is signed in, and the way out. */
export function Person({ name }: { name: string }) {
  const [failure, setFailure] = useState('');
  const leave = async (path: string): Promise<void> => {
    try {
      await callApi('DELETE', path);
      location.reload();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <details class="person">
      <summary title={`Signed in as ${name}`}>{name}</summary>
      <div class="menu">
        <button type="button" onClick={() => void leave('/api/v1/login')}>
          Sign out
        </button>
        <button type="button" onClick={() => void leave('/api/v1/login/everywhere')}>
          Sign out everywhere
        </button>
        {failure && (
          <p class="failure" role="alert">
            {failure}
          </p>
        )}
      </div>
    </details>
  );
}
