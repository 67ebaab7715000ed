import { useState } from 'preact/hooks';
import { callApi } from './api.ts';

/** For somebody who is not signed in: how to become so. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [failure, setFailure] = useState('');
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      await callApi('POST', '/api/v1/login', { token: token.trim() });
      location.reload();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <main class="sign-in">
      <h1>Sign in to Signalbox</h1>
      <p>
        Open the link that <code>npm start</code> printed: <code>ready http://…/?login=…</code>. It signs this browser
        in once.
      </p>
      <form onSubmit={submit}>
        <label for="token">
          Or paste a token, made with <code>npm run signalbox -- token --sub you --role operator</code>
        </label>
        <textarea
          id="token"
          rows={4}
          spellcheck={false}
          autocomplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <button type="submit" disabled={token.trim() === ''}>
          Sign in
        </button>
        <p class="failure" role="alert">
          {failure}
        </p>
      </form>
    </main>
  );
}
