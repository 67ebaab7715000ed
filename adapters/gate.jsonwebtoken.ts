import { randomUUID, sign as signBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import Type from 'typebox';
import { type History, HistoryWishSchema } from '../bus/events/history.ts';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { type Id, IdSchema, id } from '../bus/identity.ts';
import { type PublisherToken, parsePublisher, publisherName } from '../bus/publisher.ts';
import { type Of, shape } from '../bus/shape.ts';
import { BadToken, type TokenFault } from './gate.jsonwebtoken/bad-token.ts';
import { type Believed, type Key, tokenChecker, type Wanted } from './gate.jsonwebtoken/checking.ts';

/** Who a login token says its bearer is, and for how long. */
export const loginClaims = shape(
  'login token',
  Type.Object({
    sub: SubjectSchema.properties.sub,
    name: SubjectSchema.properties.name,
    role: SubjectSchema.properties.role,
    cameras: Type.Array(IdSchema, { maxItems: 1000 }),
    zones: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1000 }),
    history: Type.Optional(HistoryWishSchema),
    jti: Type.Optional(Type.String({ maxLength: 200 })),
    iat: Type.Number({ minimum: 0 }),
    exp: Type.Number({ minimum: 0 }),
  }),
);
/** The same, with the moment of the grant in the place of the word for it. */
export type LoginClaims = Omit<Of<typeof loginClaims>, 'history'> & { history?: History };

/** What a stream token joins its bearer to. */
export const streamClaims = shape(
  'stream token',
  Type.Object({
    sub: SubjectSchema.properties.sub,
    session: IdSchema,
    camera: IdSchema,
    jti: Type.String(),
    iat: Type.Number(),
    exp: Type.Number(),
  }),
);
export type StreamClaims = Of<typeof streamClaims> & { session: Id; camera: Id };

const standbyClaims = shape(
  'standby token',
  Type.Object({ sub: IdSchema, relay: IdSchema, jti: Type.String(), iat: Type.Number() }),
);

const publisherClaims = shape(
  'publisher token',
  Type.Object({
    sub: Type.String(),
    mediamtx_permissions: Type.Tuple([Type.Object({ action: Type.Literal('publish'), path: Type.String() })]),
    iat: Type.Number(),
  }),
);

/** Who may publish, and at which path of an intake. */
export interface PublisherClaims extends PublisherToken {
  path: string;
}

/** A permission that the relay understands. */
export interface RelayPermission {
  action: 'read' | 'publish' | 'playback' | 'api';
  /** Without meaning for the API. */
  path: string;
}

/** What is given when a login token is made; with the `jti` of another token it ends when that one is revoked. */
export type LoginGrant = Pick<LoginClaims, 'sub' | 'name' | 'role' | 'cameras' | 'zones' | 'history' | 'jti'>;

/** Signs what leaves the house and is to be proved later. */
export interface Sealer {
  /** What others verify with: public parts only. */
  key: { kty: 'EC'; crv: 'P-256'; x: string; y: string; kid: string };
  /** ECDSA over SHA-256, DER: what `openssl dgst -sha256 -verify` reads. @param bytes never begin as a token does */
  sign(bytes: Buffer): Buffer;
}

/** Makes and checks tokens. */
export interface Gate {
  /** Signs with the newest key of the installation. */
  sealer: Sealer;
  /** The public keys, for `/.well-known/jwks.json` and the relays. */
  jwks(): { keys: object[] };
  mintLogin(grant: LoginGrant, ttlSeconds: number): string;
  mintStream(of: { sub: string; session: Id; camera: Id }, ttlSeconds: number): string;
  /** With it, one gateway proves to another what it is; nobody else is ever given one. */
  mintGateway(node: string, ttlSeconds: number): string;
  /** `sub` is our session id: the relay's session list maps to ours by it. */
  mintRelay(sub: string, permissions: RelayPermission[], ttlSeconds: number): string;
  /** Lets somebody publish at one path of an intake, and nothing else. */
  mintPublisher(who: PublisherToken, path: string, ttlSeconds: number): string;
  /** Lets a session's player go to a relay without anybody deciding. */
  mintStandby(of: { session: Id; relay: string }, ttlSeconds: number): string;
  /** @throws BadToken */
  verifyLogin(token: string): Promise<LoginClaims>;
  /** @throws BadToken */
  verifyStream(token: string): Promise<StreamClaims>;
  /** @throws BadToken */
  verifyStandby(token: string): Promise<{ session: Id; relay: string }>;
  /**
   * Of a token that lets its holder publish.
   * @param ended one that has ended is believed too: who began in time may go on, and must be able to leave
   * @throws BadToken
   */
  verifyPublisher(token: string, ended: boolean): Promise<PublisherClaims>;
  /** The name of the gateway that a token was made by. @throws BadToken */
  verifyGateway(token: string): Promise<string>;
}

/** What the gate needs to be built. */
export interface GateSettings {
  /** Newest first: it signs; all verify. */
  keys: Key[];
  issuer: string;
  audience: string;
  external?: Believed['external'];
  /** Whom the token of a program lets in, or why nobody; undefined: the text is no such token. Absent: no program has one. */
  service?(token: string): LoginClaims | TokenFault | undefined;
  /** Whether a token was revoked. Asked at every use, cached or not. */
  revoked(claims: { sub: string; jti?: string; mark?: string; iat: number }): boolean;
  now?: () => number;
}

const STREAM_TYPE = 'stream+jwt';
const STANDBY_TYPE = 'standby+jwt';
const GATEWAY_TYPE = 'gateway+jwt';
const LOGIN_TYPES = new Set([undefined, 'JWT', 'at+jwt']);

/** Makes the gate: ES256 only, known keys only, issuer, audience, type and times required. */
export function createGate(settings: GateSettings): Gate {
  const { issuer, audience } = settings;
  const now = settings.now ?? Date.now;
  const [signing] = settings.keys;
  if (!signing) throw new Error('the gate needs at least one signing key');
  const checked = tokenChecker({ ...settings, now });

  const sign = (claims: object, forAudience: string, ttlSeconds: number, type: string): string => {
    // Milliseconds in iat let a revocation tell tokens of the same second apart.
    const iat = now() / 1000;
    const whole = { ...claims, iss: issuer, aud: forAudience, iat, exp: Math.floor(iat + ttlSeconds) };
    return jwt.sign(whole, signing.privateKey, {
      algorithm: 'ES256',
      keyid: signing.kid,
      header: { alg: 'ES256', typ: type },
    });
  };

  const only = (use: string, wanted: string): Wanted => ({
    audience: `${audience}:${use}`,
    isType: (type) => type === wanted,
  });
  const notRevoked = <T extends { sub: string; jti?: string; mark?: string; iat: number }>(claims: T): T => {
    if (settings.revoked(claims)) throw new BadToken('revoked', 'the token was revoked');
    return claims;
  };

  const { x = '', y = '' } = signing.publicKey.export({ format: 'jwk' });
  return {
    sealer: {
      key: { kty: 'EC', crv: 'P-256', x, y, kid: signing.kid },
      sign: (bytes) => signBytes('sha256', bytes, signing.privateKey),
    },
    jwks: () => ({ keys: settings.keys.map((key) => key.jwk) }),
    mintLogin: (grant, ttlSeconds) => sign({ ...grant, jti: grant.jti ?? randomUUID() }, audience, ttlSeconds, 'JWT'),
    mintStream: (of, ttlSeconds) => sign({ ...of, jti: randomUUID() }, `${audience}:stream`, ttlSeconds, STREAM_TYPE),
    mintGateway: (node, ttlSeconds) => sign({ sub: node }, `${audience}:gateway`, ttlSeconds, GATEWAY_TYPE),
    mintRelay: (sub, permissions, ttlSeconds) =>
      // Nobody asks for a jti here, and an SRT stream id has room for 512 bytes in all.
      sign({ sub, mediamtx_permissions: permissions }, `${audience}:relay`, ttlSeconds, 'JWT'),
    mintPublisher: (who, path, ttlSeconds) =>
      sign(
        { sub: publisherName(who), mediamtx_permissions: [{ action: 'publish', path }] },
        `${audience}:relay`,
        ttlSeconds,
        'JWT',
      ),
    mintStandby: ({ session, relay }, ttlSeconds) =>
      sign({ sub: session, relay, jti: randomUUID() }, `${audience}:standby`, ttlSeconds, STANDBY_TYPE),
    async verifyLogin(token) {
      const service = settings.service?.(token);
      if (typeof service === 'string') throw new BadToken(service, `the service token is refused: ${service}`);
      if (service) return notRevoked(service);
      const claims = await checked(token, { audience, isType: (type) => LOGIN_TYPES.has(type as undefined) });
      if (!loginClaims.check(claims))
        throw new BadToken(
          'claims',
          'a claim is missing, or is not as it should be: sub, role, cameras, zones, history',
        );
      const { history, ...others } = claims;
      // A token is itself the grant where its issuer says no more.
      const bound = history === 'since_grant' ? { since: claims.iat * 1000 } : history;
      return notRevoked({ ...others, ...(bound ? { history: bound } : {}) });
    },
    async verifyStream(token) {
      const claims = await checked(token, only('stream', STREAM_TYPE));
      if (!streamClaims.check(claims)) throw new BadToken('claims', 'the stream token lacks a claim');
      return notRevoked({ ...claims, session: id(claims.session), camera: id(claims.camera) });
    },
    async verifyStandby(token) {
      const claims = await checked(token, only('standby', STANDBY_TYPE));
      if (!standbyClaims.check(claims)) throw new BadToken('claims', 'the standby token lacks a claim');
      return { session: id(claims.sub), relay: claims.relay };
    },
    async verifyPublisher(token, ended) {
      const claims = await checked(token, { ...only('relay', 'JWT'), ended });
      const who = publisherClaims.check(claims) ? parsePublisher(claims.sub) : undefined;
      if (!who || !publisherClaims.check(claims)) throw new BadToken('claims', 'this token lets nobody publish');
      return { ...notRevoked(who), path: claims.mediamtx_permissions[0].path };
    },
    async verifyGateway(token) {
      const claims = await checked(token, only('gateway', GATEWAY_TYPE));
      return String(claims.sub);
    },
  };
}
