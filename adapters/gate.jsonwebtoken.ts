import { createHash, type KeyObject, randomUUID, sign as signBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import Type from 'typebox';
import { type History, HistoryWishSchema } from '../bus/events/history.ts';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { type Id, IdSchema, id } from '../bus/identity.ts';
import { type PublisherToken, parsePublisher, publisherName } from '../bus/publisher.ts';
import { type Of, shape } from '../bus/shape.ts';

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

/** Why a token is refused; the `reason` of a 401. */
export type TokenFault =
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'unknown-key'
  | 'signature'
  | 'expired'
  | 'not-yet'
  | 'audience'
  | 'issuer'
  | 'claims'
  | 'revoked';

/** Thrown when a token is not to be believed; says why, and never contains the token. */
export class BadToken extends Error {
  override name = 'BadToken';
  readonly reason: TokenFault;
  constructor(reason: TokenFault, text: string) {
    super(text);
    this.reason = reason;
  }
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

interface Key {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  jwk: object;
}

/** What the gate needs to be built. */
export interface GateSettings {
  /** Newest first: it signs; all verify. */
  keys: Key[];
  issuer: string;
  audience: string;
  /** Somebody else's login tokens, accepted beside our own. */
  external?: { issuer: string; audience: string; key(kid: string): Promise<KeyObject | undefined> };
  /** Whom the token of a program lets in, or why nobody; undefined: the text is no such token. Absent: no program has one. */
  service?(token: string): LoginClaims | TokenFault | undefined;
  /** Whether a token was revoked. Asked at every use, cached or not. */
  revoked(claims: { sub: string; jti?: string; mark?: string; iat: number }): boolean;
  now?: () => number;
}

/** Longer texts are not looked at. */
const MAX_TOKEN_BYTES = 16 * 1024;
/** Between our clock and an external issuer's. What we signed ourselves ends when it says. */
const CLOCK_TOLERANCE_S = 60;
const CACHED_TOKENS = 10_000;
const STREAM_TYPE = 'stream+jwt';
const STANDBY_TYPE = 'standby+jwt';
const GATEWAY_TYPE = 'gateway+jwt';
const LOGIN_TYPES = new Set([undefined, 'JWT', 'at+jwt']);

interface Checked {
  claims: Record<string, unknown>;
  exp: number;
}

const FAULTS: [RegExp, TokenFault][] = [
  [/expired/, 'expired'],
  [/not active/, 'not-yet'],
  [/algorithm/, 'algorithm'],
  [/signature/, 'signature'],
  [/audience/, 'audience'],
  [/issuer/, 'issuer'],
];

function asBadToken(error: unknown): BadToken {
  const text = error instanceof Error ? error.message : 'unreadable';
  const fault = FAULTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'malformed';
  return new BadToken(fault, `the token is refused: ${fault}`);
}

/** Reads header and issuer without believing them: they only select the key that the rest is checked with. */
function peek(token: string): { header: jwt.JwtHeader; iss: unknown } {
  if (token.length > MAX_TOKEN_BYTES) throw new BadToken('malformed', 'the token is too long');
  let decoded: jwt.Jwt | null = null;
  try {
    decoded = jwt.decode(token, { complete: true });
  } catch {
    // told below
  }
  const payload = decoded?.payload;
  if (!decoded || typeof payload !== 'object' || payload === null) {
    throw new BadToken('malformed', 'this is not a token: three base64url parts with dots between are');
  }
  if (decoded.header.alg !== 'ES256') throw new BadToken('algorithm', 'the token must be signed with ES256');
  if (decoded.header.crit !== undefined) throw new BadToken('type', 'the token asks for an extension unknown here');
  return { header: decoded.header, iss: payload.iss };
}

/** A small memory of tokens whose signature was checked: bounded, keyed by hash, never beyond their end. */
function tokenMemory(limit: number) {
  const known = new Map<string, Checked>();
  return {
    find(hash: string, nowS: number): Checked | undefined {
      const found = known.get(hash);
      if (found && found.exp <= nowS) {
        known.delete(hash);
        return undefined;
      }
      return found;
    },
    keep(hash: string, checked: Checked): void {
      const oldest = known.size >= limit ? known.keys().next() : undefined;
      if (oldest && !oldest.done) known.delete(oldest.value);
      known.set(hash, checked);
    },
  };
}

/** Makes the gate: ES256 only, known keys only, issuer, audience, type and times required. */
export function createGate(settings: GateSettings): Gate {
  const { issuer, audience, external } = settings;
  const now = settings.now ?? Date.now;
  const [signing] = settings.keys;
  if (!signing) throw new Error('the gate needs at least one signing key');
  const byKid = new Map(settings.keys.map((key) => [key.kid, key.publicKey]));
  const memory = tokenMemory(CACHED_TOKENS);

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

  async function checked(
    token: string,
    wanted: string,
    isType: (type: unknown) => boolean,
    ignoreExpiration = false,
  ): Promise<Checked> {
    const hash = createHash('sha256').update(wanted).update('\0').update(token).digest('base64');
    const known = memory.find(hash, now() / 1000);
    if (known) return known;
    const { header, iss } = peek(token);
    if (!isType(header.typ)) throw new BadToken('type', 'this kind of token is not for this use');
    const kid = typeof header.kid === 'string' ? header.kid : '';
    const own = byKid.get(kid);
    // A foreign key vouches for login tokens of its own issuer, and for nothing else.
    const outside = !own && wanted === audience && iss === external?.issuer ? external : undefined;
    const key = own ?? (await outside?.key(kid));
    if (!key) throw new BadToken('unknown-key', 'the token was signed with a key that is not known here');
    let claims: jwt.JwtPayload;
    try {
      claims = jwt.verify(token, key, {
        algorithms: ['ES256'],
        issuer: outside?.issuer ?? issuer,
        audience: outside?.audience ?? wanted,
        clockTimestamp: now() / 1000,
        ignoreExpiration,
        clockTolerance: outside ? CLOCK_TOLERANCE_S : 0,
      }) as jwt.JwtPayload;
    } catch (error) {
      throw asBadToken(error);
    }
    if (typeof claims.exp !== 'number' || typeof claims.iat !== 'number') {
      throw new BadToken('claims', 'the token must say when it was issued and when it ends (iat, exp)');
    }
    if (claims.iat > now() / 1000 + CLOCK_TOLERANCE_S) throw new BadToken('not-yet', 'the token is from the future');
    const result = { claims: outside ? { cameras: [], zones: [], ...claims } : claims, exp: claims.exp };
    memory.keep(hash, result);
    return result;
  }

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
      const { claims } = await checked(token, audience, (type) => LOGIN_TYPES.has(type as undefined));
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
      const { claims } = await checked(token, `${audience}:stream`, (type) => type === STREAM_TYPE);
      if (!streamClaims.check(claims)) throw new BadToken('claims', 'the stream token lacks a claim');
      return notRevoked({ ...claims, session: id(claims.session), camera: id(claims.camera) });
    },
    async verifyStandby(token) {
      const { claims } = await checked(token, `${audience}:standby`, (type) => type === STANDBY_TYPE);
      if (!standbyClaims.check(claims)) throw new BadToken('claims', 'the standby token lacks a claim');
      return { session: id(claims.sub), relay: claims.relay };
    },
    async verifyPublisher(token, ended) {
      const { claims } = await checked(token, `${audience}:relay`, (type) => type === 'JWT', ended);
      const who = publisherClaims.check(claims) ? parsePublisher(claims.sub) : undefined;
      if (!who || !publisherClaims.check(claims)) throw new BadToken('claims', 'this token lets nobody publish');
      return { ...notRevoked(who), path: claims.mediamtx_permissions[0].path };
    },
    async verifyGateway(token) {
      const { claims } = await checked(token, `${audience}:gateway`, (type) => type === GATEWAY_TYPE);
      return String(claims.sub);
    },
  };
}
