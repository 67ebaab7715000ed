import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createGate, type Gate } from '../../adapters/gate.jsonwebtoken.ts';
import { type IdentityProvider, openidProvider } from '../../adapters/identity.openid-client.ts';
import { issuerKeys } from '../../adapters/issuer.jwks.ts';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { openRevocations, type Revocations } from '../../adapters/revocations.files.ts';
import { isServiceToken, openServiceTokens, type ServiceTokens } from '../../adapters/service-tokens.files.ts';
import type { Config } from '../config/model.ts';
import type { Group } from '../group.ts';

/** Who may come in, and whose right was taken back. */
export interface OpenGate {
  gate: Gate;
  revocations: Revocations;
  services: ServiceTokens;
}

/** The gate of this installation, with its keys, service tokens and revocations from the data folder. */
export function openGate(group: Group, { auth }: Config): OpenGate {
  const services = openServiceTokens(path.join(group.state, 'services.json'));
  const revocations = openRevocations(path.join(group.state, 'revocations.json'));
  const { issuer, audience, external } = auth;
  const gate = createGate({
    keys: openSigningKeys(path.join(group.state, 'keys')),
    issuer,
    audience,
    ...(external ? { external: { ...external, key: issuerKeys({ url: external.jwksUrl }) } } : {}),
    service: (token) => (isServiceToken(token) ? services.verify(token) : undefined),
    revoked: (claims) => revocations.hits(claims),
  });
  return { gate, revocations, services };
}

/** The provider of identities that the configuration names; its secret is read when it is needed, so that it may be changed. */
export function identityOf({ secretFile, ...provider }: NonNullable<Config['auth']['oidc']>): IdentityProvider {
  const secret = secretFile === undefined ? {} : { secret: () => readFileSync(secretFile, 'utf8').trim() };
  return openidProvider({ ...provider, ...secret });
}
