import * as oidc from 'openid-client';

/** A provider of identities (OpenID Connect Core 1.0), and who we are to it. */
export interface ProviderSettings {
  issuer: string;
  clientId: string;
  /** Absent: a public client, which PKCE alone protects. */
  secret?: () => string;
  scopes: string[];
}

/** What must be kept of a sign-in between its beginning and its end; known to one browser. */
export interface SignInState {
  state: string;
  nonce: string;
  verifier: string;
}

/** What the provider vouches for: the claims of its ID token and of its user info. */
export type Claims = Readonly<Record<string, unknown>> & { sub: string };

/** The provider does not answer. */
export class ProviderAway extends Error {
  override name = 'ProviderAway';
}

/** What came back is not to be believed, or the provider refused. */
export class SignInRefused extends Error {
  override name = 'SignInRefused';
}

/** Signs people in at a provider: authorization code with PKCE (RFC 7636), state and nonce. */
export interface IdentityProvider {
  /** Where the browser is sent. @throws ProviderAway */
  begin(redirectUri: string): Promise<SignInState & { url: string }>;
  /**
   * Trades the code that the browser came back with.
   * @param back the whole address that it came back to
   * @throws ProviderAway | SignInRefused
   */
  finish(back: URL, kept: SignInState): Promise<Claims>;
  /** Where the browser ends its sign-in at the provider; undefined when that has no such page. @throws ProviderAway */
  endAt(returnTo: string): Promise<string | undefined>;
}

const TIMEOUT_S = 10;

const isAway = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError');

/** The last cause is the one that says what happened. */
function reasonOf(error: unknown): string {
  const { code = '', message = String(error), cause } = error as { code?: string; message?: string; cause?: unknown };
  return cause instanceof Error
    ? `${message}: ${reasonOf(cause)}`
    : code && !message.includes(code)
      ? `${message} (${code})`
      : message;
}

/** Makes it. The provider is asked about itself at the first sign-in, so that it may be away before that. */
export function openidProvider({ issuer, clientId, secret, scopes }: ProviderSettings): IdentityProvider {
  const url = new URL(issuer);
  let known: Promise<oidc.Configuration> | undefined;
  const discover = () =>
    oidc.discovery(url, clientId, undefined, secret ? oidc.ClientSecretBasic(secret()) : oidc.None(), {
      timeout: TIMEOUT_S,
      // The configuration takes http for loopback alone.
      execute: url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [],
    });
  const provider = async () => {
    known ??= discover();
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw new ProviderAway(`${issuer} does not tell how it works: ${reasonOf(error)}`);
    }
  };
  return {
    async begin(redirectUri) {
      const config = await provider();
      const verifier = oidc.randomPKCECodeVerifier();
      const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
      const { href } = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      return { url: href, state, nonce, verifier };
    },
    async finish(back, { state, nonce, verifier }) {
      const config = await provider();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, back, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new SignInRefused('the provider sent no ID token');
        const more = config.serverMetadata().userinfo_endpoint
          ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
          : {};
        return { ...more, ...claims };
      } catch (error) {
        if (isAway(error)) throw new ProviderAway(`${issuer} does not answer: ${reasonOf(error)}`);
        throw error instanceof SignInRefused ? error : new SignInRefused(reasonOf(error));
      }
    },
    async endAt(returnTo) {
      const config = await provider();
      if (!config.serverMetadata().end_session_endpoint) return undefined;
      return oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: returnTo }).href;
    },
  };
}
