import { useState } from 'preact/hooks';
import { callApi } from './api.ts';

/** Who is signed in, and the way out. */
export function Person({ name, sub }: { name: string; sub: string }) {
  const [failure, setFailure] = useState('');
  const leave = async (path: string): Promise<void> => {
    try {
      await callApi('DELETE', path);
      // Who came from a provider is signed in there as well, and would be back with one click.
      if (sub.startsWith('oidc:')) location.assign('/api/v1/login/oidc/end');
      else location.reload();
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
