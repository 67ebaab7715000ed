import Type from 'typebox';
import {
  isProgram,
  type Service,
  serviceState,
  serviceSub,
  TooManyServices,
} from '../../adapters/service-tokens.files.ts';
import { HistorySchema, HistoryWishSchema } from '../../bus/events/history.ts';
import { ZONE_PATTERN } from '../../bus/events/viewer.ts';
import { IdSchema } from '../../bus/identity.ts';
import { settled } from '../../machines/policy/history.ts';
import { callerOf } from './door.ts';
import { denied, missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import { actOnProgram, noteAct, revokeProgram } from './revoking.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';

const RoleSchema = Type.Enum(['viewer', 'operator', 'admin']);
const Who = Type.String({ description: 'the `sub` of who did it' });
const ServiceSchema = Type.Object({
  id: Type.String(),
  sub: Type.String({ description: 'what it is called in sessions, events and the ledger' }),
  name: Type.String(),
  role: RoleSchema,
  cameras: Type.Array(Type.String()),
  zones: Type.Array(Type.String()),
  history: Type.Optional(HistorySchema),
  state: Type.Enum(['active', 'expired', 'revoked']),
  since: Type.Number({ description: 'epoch ms at which it came into this state' }),
  made_at: Type.Number({ description: 'epoch ms' }),
  expires_at: Type.Number({ description: 'epoch ms' }),
  by: Who,
  revoked_by: Type.Optional(Who),
});
const MadeSchema = Type.Object({
  ...ServiceSchema.properties,
  token: Type.String({ description: 'shown in this answer and never again' }),
});
const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;
const WishSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: 'what it is for' }),
    role: RoleSchema,
    cameras: Type.Optional(Type.Array(IdSchema, { maxItems: 1000 })),
    zones: Type.Optional(Type.Array(Type.String({ pattern: ZONE_PATTERN, maxLength: 200 }), { maxItems: 1000 })),
    history: Type.Optional(HistoryWishSchema),
    expires_in: Type.Integer({ minimum: 1, maximum: (LONGEST_DAYS * DAY_MS) / 1000, description: 'seconds' }),
  },
  { additionalProperties: false },
);

function show(service: Service, now: number) {
  const { id, name, role, cameras, zones, history, since: made_at, expires_at, by, revoked } = service;
  const state = serviceState(service, now);
  const since = { active: made_at, expired: expires_at, revoked: revoked?.at ?? made_at }[state];
  const more = { ...(history ? { history } : {}), ...(revoked ? { revoked_by: revoked.by } : {}) };
  return { id, sub: serviceSub(service), name, role, cameras, zones, state, since, made_at, expires_at, by, ...more };
}

/** `/api/v1/service-tokens`: what programs come in with. */
export function serviceTokenRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { serviceTokens, log } = services;
  const path = '/api/v1/service-tokens';
  const tags = ['rights'];

  server.get(
    path,
    { schema: { tags, querystring: Type.Object(pageQuery), response: { 200: listOf(ServiceSchema) } } },
    async ({ query }) => {
      const now = Date.now();
      return pageOf(
        serviceTokens.list().map((service) => show(service, now)),
        query,
      );
    },
  );
  server.post(path, { schema: { tags, body: WishSchema, response: { 201: MadeSchema } } }, async (request, reply) => {
    const { sub: by } = callerOf(request);
    const { name, role, cameras = [], zones = [], history, expires_in } = request.body;
    // A program that makes tokens for itself would outlive its own.
    if (isProgram(by)) throw denied('program');
    const now = Date.now();
    const bound = history ? { history: settled(history, now) } : {};
    const grant = { name, role, cameras, zones, ...bound, expires_at: now + expires_in * 1000, by };
    try {
      const id = serviceTokens.plan();
      const act = {
        ...actOnProgram(request, { id, name, role }),
        what: 'token-made',
        until: grant.expires_at,
      } as const;
      await noteAct(services, act, 'Nothing was made: try again.');
      const { service, token } = serviceTokens.make(grant, id);
      const told = show(service, Date.now());
      log.info({ service: told }, 'a service token was made');
      return reply
        .code(201)
        .header('location', `${path}/${service.id}`)
        .send({ ...told, token });
    } catch (error) {
      if (error instanceof TooManyServices) throw new Refusal(409, 'too-many', error.message);
      throw error;
    }
  });
  server.delete(
    `${path}/:service_id`,
    { schema: { tags, params: Type.Object({ service_id: IdSchema }) } },
    async (request, reply) => {
      const service = serviceTokens.find(request.params.service_id);
      if (!service) throw missing('such service token');
      await revokeProgram(services, shared, request, service);
      return reply.code(204).send();
    },
  );
}
