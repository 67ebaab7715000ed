import { expect } from 'chai';
import { nkeys } from 'nats';
import { connectNats } from '../../bus/carriers/nats/connection.ts';
import { startNats } from '../fixtures/nats.ts';

const { createAccount, createOperator, createUser } = nkeys;
type Key = ReturnType<typeof createUser>;

/** A claim as NATS signs it (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt). */
function claim(by: Key, of: Key, type: string, more: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = { jti: of.getPublicKey(), iat: 1_700_000_000, iss: by.getPublicKey(), sub: of.getPublicKey() };
  const claims = { ...body, name: type, nats: { type, version: 2, ...more } };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  return `${signed}.${Buffer.from(by.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

const unlimited = { subs: -1, data: -1, payload: -1 };
const wide = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const stores = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

function credentialsFile(user: Key, token: string): string {
  const seed = new TextDecoder().decode(user.getSeed());
  return [
    '-----BEGIN NATS USER JWT-----',
    token,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}

describe("a NATS that somebody else runs, with NATS's own credentials", () => {
  it('lets us in with a credentials file, and tells what to check when it does not', async () => {
    const [operator, system, account, user, stranger] = [
      createOperator(),
      createAccount(),
      createAccount(),
      createUser(),
      createUser(),
    ];
    const preload = [
      [system, claim(operator, system, 'account', { limits: wide })],
      [account, claim(operator, account, 'account', { limits: { ...wide, ...stores } })],
    ] as const;
    const nats = await startNats(
      [
        `operator: ${claim(operator, operator, 'operator', {})}`,
        `system_account: ${system.getPublicKey()}`,
        'resolver: MEMORY',
        `resolver_preload: { ${preload.map(([key, token]) => `${key.getPublicKey()}: ${token}`).join(', ')} }`,
      ].join('\n'),
    );
    try {
      const to = { servers: [nats.url], name: 'gw-test' };
      const credentials = credentialsFile(user, claim(account, user, 'user', unlimited));
      const link = await connectNats({ ...to, credentials });
      expect(link.isUp()).to.equal(true);
      await link.close();
      const forged = credentialsFile(stranger, claim(stranger, stranger, 'user', unlimited));
      const refused = await connectNats({ ...to, credentials: forged }).catch((error: Error) => error.message);
      expect(refused).to.contain('refuses our credentials: check the file');
    } finally {
      await nats.close();
    }
  });
});
