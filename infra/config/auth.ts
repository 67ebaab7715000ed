import type { Of } from '../../bus/shape.ts';
import { complete } from './complete.ts';
import type { Settings } from './declaration.ts';
import { authSettings } from './declared-auth.ts';
import { isLoopback } from './doors.ts';
import { durationMs } from './durations.ts';
import { HISTORY_EXPECTED, historyIn } from './history.ts';
import type { Config } from './model.ts';
import type { Reading } from './reading.ts';

/** What tokens that we sign ourselves say, when somebody else issues the logins. */
const OWN_ISSUER = 'signalbox';

/** Whose tokens let in, for how long, and how far back each role may look. */
export function resolveAuth(settings: Settings, reading: Reading): Config['auth'] {
  const said = settings.auth === undefined || settings.auth === 'local' ? {} : settings.auth;
  const auth = authSettings.parse(complete(authSettings.schema, said, { faults: [], warnings: [] }));
  const { issuer, audience, jwks_url: jwksUrl } = auth;
  if (jwksUrl && issuer === OWN_ISSUER) {
    reading.fault(
      ['auth', 'issuer'],
      `with a jwks_url, expected the issuer whose keys are there; "${OWN_ISSUER}" is our own name`,
    );
  }
  return {
    issuer: jwksUrl ? OWN_ISSUER : issuer,
    audience,
    ...(jwksUrl ? { external: { issuer, audience, jwksUrl } } : {}),
    ...(auth.oidc ? { oidc: resolveOidc(auth.oidc, reading) } : {}),
    streamTokenTtlMs: durationMs(auth.stream_token_ttl),
    loginTokenTtlMs: durationMs(auth.login_token_ttl),
    history: Object.fromEntries(Object.entries(auth.history).map(([role, text]) => [role, durationMs(text)])),
  };
}

type Oidc = NonNullable<Of<typeof authSettings>['oidc']>;

function resolveOidc(said: Oidc, { beside, fault }: Reading): NonNullable<Config['auth']['oidc']> {
  const { protocol, hostname } = new URL(said.issuer);
  if (protocol === 'http:' && !isLoopback(hostname)) {
    fault(['auth', 'oidc', 'issuer'], 'expected https://: who signs in must not be decided by whoever is on the way');
  }
  if (!said.scopes.includes('openid')) fault(['auth', 'oidc', 'scopes'], 'expected openid among them');
  for (const [index, { claim, value }] of said.rights.entries()) {
    if ((claim === undefined) !== (value === undefined)) {
      fault(['auth', 'oidc', 'rights', index], 'claim and value stand together; a rule without both is for everybody');
    }
  }
  const rights = said.rights.map(({ history: text, ...rule }, index) => {
    const history = text === undefined ? undefined : historyIn(text);
    if (text !== undefined && !history)
      fault(['auth', 'oidc', 'rights', index, 'history'], `expected ${HISTORY_EXPECTED}`);
    return { ...rule, ...(history ? { history } : {}) };
  });
  return {
    issuer: said.issuer,
    clientId: said.client_id,
    ...(said.client_secret_file ? { secretFile: beside(said.client_secret_file) } : {}),
    scopes: said.scopes,
    name: said.name,
    rights,
  };
}
