import { useEffect, useState } from 'preact/hooks';
import { ApiRefusal, callApi } from './api.ts';

/** How people can sign in here; while that is not known, by password. */
interface Ways {
  password: boolean;
  provider?: { name: string };
}

const REFUSED: Record<string, string> = {
  state: 'That sign-in took too long, or was begun in another browser: begin again.',
  provider: 'The identity provider refused, or answered something that is not to be believed.',
  'provider-away': 'The identity provider does not answer. Try again in a moment.',
  'no-rights': 'You are known, but nobody has given you rights here: ask an administrator.',
};

/** What was asked for, and comes after the sign-in: a wall, a camera, a moment. */
const here = (): string => `/${location.search}${location.hash}`;

/** For somebody who is not signed in: how to become so. */
export function SignIn() {
  const [ways, setWays] = useState<Ways>({ password: true });
  const refused = new URLSearchParams(location.search).get('refused');
  useEffect(() => {
    callApi('GET', '/api/v1/login/ways').then(setWays, () => {});
  }, []);
  return (
    <main class="sign-in">
      <h1>Sign in to Signalbox</h1>
      {refused && (
        <p class="failure" role="alert">
          {REFUSED[refused] ?? 'That sign-in was refused.'}
        </p>
      )}
      {ways.provider && (
        <a class="provider" href={`/api/v1/login/oidc?to=${encodeURIComponent(here())}`}>
          Sign in with {ways.provider.name}
        </a>
      )}
      {ways.password && <PasswordForm />}
      <details open={!ways.password && !ways.provider}>
        <summary>With a link or a token</summary>
        <p>
          The link that <code>npm start</code> or <code>signalbox login</code> prints signs this browser in once.
        </p>
        <TokenForm />
      </details>
    </main>
  );
}

/** What the form asks for: another password, because this one must be changed or somebody wants to. */
type Change = 'no' | 'wanted' | 'needed';

function PasswordForm() {
  const [change, setChange] = useState<Change>('no');
  const { submit, failure, busy } = useSending(
    (said) => {
      const next = said.get('new_password');
      if (next !== said.get('again')) throw new Error('The two new passwords differ.');
      return {
        user: said.get('user'),
        password: said.get('password'),
        ...(next === null ? {} : { new_password: next }),
      };
    },
    (error) => {
      if (error.reason !== 'change-password') return false;
      setChange('needed');
      return true;
    },
  );
  return (
    <form onSubmit={submit}>
      <label>
        Name
        <input name="user" required maxLength={200} autocomplete="username" autocapitalize="none" spellcheck={false} />
      </label>
      <label>
        {change === 'no' ? 'Password' : 'Present password'}
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
      {change === 'needed' && (
        <p role="status">Somebody else made this password. Choose one of your own: at least 10 characters.</p>
      )}
      {change !== 'no' && (
        <>
          <label>
            New password
            <input name="new_password" type="password" required minLength={10} autocomplete="new-password" />
          </label>
          <label>
            The same again
            <input name="again" type="password" required autocomplete="new-password" />
          </label>
        </>
      )}
      <p class="failure" role="alert">
        {failure}
      </p>
      <div class="actions">
        <button type="submit" disabled={busy}>
          Sign in
        </button>
        {change === 'no' && (
          <button type="button" class="quiet" onClick={() => setChange('wanted')}>
            Change my password
          </button>
        )}
      </div>
    </form>
  );
}

/** What a link carries, or the token itself. */
const tokenIn = (text: string): string =>
  (URL.canParse(text) ? new URL(text).searchParams.get('login') : undefined) ?? text;

function TokenForm() {
  const { submit, failure, busy } = useSending((said) => ({ token: tokenIn(String(said.get('token')).trim()) }));
  return (
    <form onSubmit={submit}>
      <label>
        <span>
          Such a link, or a token made with <code>signalbox token</code>
        </span>
        <textarea name="token" required rows={4} spellcheck={false} autocomplete="off" />
      </label>
      <p class="failure" role="alert">
        {failure}
      </p>
      <div class="actions">
        <button type="submit" disabled={busy}>
          Sign in with it
        </button>
      </div>
    </form>
  );
}

/**
 * Sends a form to be signed in.
 * @param read what is sent; it throws what is wrong with it
 * @param handle whether a refusal has been dealt with, and is no failure to be shown
 */
function useSending(read: (said: FormData) => object, handle: (error: ApiRefusal) => boolean = () => false) {
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    try {
      await callApi('POST', '/api/v1/login', read(new FormData(event.currentTarget as HTMLFormElement)));
      const asked = new URLSearchParams(location.search);
      asked.delete('refused');
      history.replaceState(null, '', `/${asked.size > 0 ? `?${asked}` : ''}${location.hash}`);
      location.reload();
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiRefusal && handle(error)) return;
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return { submit, failure, busy };
}
