import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { SubjectSchema } from '../bus/events/viewer.ts';
import { IdSchema, newId } from '../bus/identity.ts';
import { type Of, shape } from '../bus/shape.ts';
import { freshlyRead, readPrivate, replaceFile, whileLocked } from './files.ts';
import type { TokenFault } from './gate.jsonwebtoken/bad-token.ts';
import type { LoginClaims } from './gate.jsonwebtoken.ts';

const { role, cameras, zones, history } = SubjectSchema.properties;
const ServiceSchema = Type.Object({
  id: IdSchema,
  /** What it is for, in words. */
  name: Type.String({ minLength: 1, maxLength: 200 }),
  role,
  cameras,
  zones,
  history,
  /** SHA-256 of the token, hex. It carries 256 random bits, so that nothing slower is needed. */
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Who made it. */
  by: Type.String(),
  /** Epoch ms. */
  since: Type.Number(),
  expires_at: Type.Number(),
  revoked: Type.Optional(Type.Object({ at: Type.Number(), by: Type.String() })),
});
const file = shape('service tokens file', Type.Object({ services: Type.Array(ServiceSchema) }));

/** A program that comes in with a token of its own, as it is kept: without the token. */
export type Service = Of<typeof file>['services'][number];

/** What is said of a service token that is to be made. */
export type ServiceGrant = Pick<Service, 'name' | 'role' | 'cameras' | 'zones' | 'history' | 'expires_at' | 'by'>;

/** The service tokens of an installation. Those that ended stay listed: who made them is part of what happened. */
export interface ServiceTokens {
  list(): Service[];
  find(id: string): Service | undefined;
  /** The id of one that is about to be made, so that it can be told before. @throws TooManyServices */
  plan(): string;
  /** Makes one, under its own id if it was planned. Its text is told here and never again. @throws TooManyServices */
  make(grant: ServiceGrant, id?: string): { service: Service; token: string };
  /** Takes one back; undefined when there is none of that id. */
  revoke(id: string, by: string): Service | undefined;
  /** Whom a text lets in, or why nobody. Expiry and revocation are told; nothing else of what is kept is. */
  verify(token: string): LoginClaims | TokenFault;
}

/** Thrown when so many service tokens stand that no more are made. */
export class TooManyServices extends Error {
  override name = 'TooManyServices';
}

const LIMIT = 10_000;
const PREFIX = 'sbs_';
const TEXT = /^sbs_[A-Za-z0-9_-]{43}$/;

/** Whether a text looks like a service token; searchers for leaked secrets find it by the same mark. */
export const isServiceToken = (text: string): boolean => text.startsWith(PREFIX);

/** The `sub` of a program: no person's name holds a colon. */
export const serviceSub = ({ id }: Pick<Service, 'id'>): string => `service:${id}`;

/** Whether a `sub` is a program's, or that of a visitor of one. */
export const isProgram = (sub: string): boolean => sub.startsWith(serviceSub({ id: '' }));

/** The `sub` of somebody to whom a program shows what it may see itself; undefined when it is no program that says so. */
export const visitorSub = (sub: string, visitor: string): string | undefined =>
  isProgram(sub) ? `${programOf(sub)}/${visitor}` : undefined;

/** The `sub` of the program that a visitor came by; any other as it is. */
export const programOf = (sub: string): string => (isProgram(sub) ? (sub.split('/', 1)[0] ?? sub) : sub);

/** What a service token's state is at a moment. */
export const serviceState = ({ revoked, expires_at }: Service, now: number): 'active' | 'expired' | 'revoked' =>
  revoked ? 'revoked' : expires_at <= now ? 'expired' : 'active';

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

function read(at: string): Service[] {
  const text = readPrivate(at);
  if (text === undefined) return [];
  try {
    return file.parse(JSON.parse(text)).services;
  } catch {
    throw new Error(`${at} does not hold service tokens as Signalbox writes them: put back a copy, or delete it`);
  }
}

const claimsOf = (service: Service): LoginClaims => ({
  sub: serviceSub(service),
  name: service.name,
  role: service.role,
  cameras: service.cameras,
  zones: service.zones,
  ...(service.history ? { history: service.history } : {}),
  jti: service.id,
  iat: service.since / 1000,
  exp: service.expires_at / 1000,
});

/**
 * Opens the service tokens of a data folder: one file of mode 0600 with a hash of each token, shared by gateways. What
 * one writes, the others see at the next token that they are shown.
 * @param at STATE/services.json
 */
export function openServiceTokens(at: string, now: () => number = Date.now): ServiceTokens {
  mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 });
  const present = freshlyRead(at, () => new Map(read(at).map((service) => [service.hash, service])));
  present();
  const find = (id: string) => [...present().values()].find((service) => service.id === id);
  const put = (service: Service): Service => {
    const next = new Map(present()).set(service.hash, service);
    replaceFile(at, JSON.stringify({ services: [...next.values()] }));
    return service;
  };
  const expectRoom = (): void => {
    if (present().size >= LIMIT) throw new TooManyServices(`${LIMIT} service tokens were made: no more are kept`);
  };
  return {
    list: () => [...present().values()],
    find,
    plan() {
      expectRoom();
      return newId('svc');
    },
    make: (grant, id = newId('svc')) =>
      whileLocked(at, () => {
        expectRoom();
        const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
        const service = put({ id, ...grant, hash: hashOf(token), since: now() });
        return { service, token };
      }),
    revoke: (id, by) =>
      whileLocked(at, () => {
        const found = find(id);
        return found && (found.revoked ? found : put({ ...found, revoked: { at: now(), by } }));
      }),
    verify(token) {
      if (!TEXT.test(token)) return 'malformed';
      // Looked up by its hash: how long that takes tells nothing of a token that is near to it.
      const service = present().get(hashOf(token));
      if (!service) return 'unknown-key';
      const state = serviceState(service, now());
      return state === 'active' ? claimsOf(service) : state;
    },
  };
}
