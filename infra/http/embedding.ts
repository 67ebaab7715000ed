import Type from 'typebox';
import { visitorSub } from '../../adapters/service-tokens.files.ts';
import { IdSchema } from '../../bus/identity.ts';
import { callerOf, permittedCamera } from './door.ts';
import { Refusal, unauthorized } from './errors.ts';
import type { Server } from './fastify.ts';
import { baseUrl, refuseForeignSocket } from './origin.ts';
import type { HttpServices } from './services.ts';

/** Long enough for a page to be delivered and to load its frame. */
const CODE_TTL_MS = 30_000;

const closed = { additionalProperties: false };
const WishSchema = Type.Object(
  {
    camera: IdSchema,
    origin: Type.String({
      maxLength: 300,
      description: 'the site whose page shows it, such as https://www.example.com',
    }),
    visitor: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,100}$',
        description: 'whom the site shows it to: has a quota and can be revoked for himself',
      }),
    ),
  },
  closed,
);
const MadeSchema = Type.Object({
  url: Type.String({ description: 'the `src` of the frame; good once' }),
  sub: Type.String({ description: 'what it is called in sessions, events and the ledger' }),
  expires_in: Type.Number({ description: 'seconds within which it must be loaded' }),
});
const TokenSchema = Type.Object({
  token: Type.String({ description: 'opens this one camera' }),
  expires_in: Type.Number({ description: 'seconds' }),
});

/**
 * `/api/v1/embed`: the player in a page of another site. The site's own server asks for a code with its token; the
 * frame's address carries the code alone, and the player trades it for a token that it keeps in memory, because
 * browsers keep cookies from frames of other sites.
 */
export function embeddingRoutes(server: Server, services: HttpServices): void {
  const { embeds, gate } = services;
  const path = '/api/v1/embed';
  const tags = ['embedding'];

  server.post(path, { schema: { tags, body: WishSchema, response: { 201: MadeSchema } } }, async (request, reply) => {
    const { sub, name, jti, exp, ...rights } = callerOf(request);
    const { camera, origin, visitor } = request.body;
    if (!services.config.http.allowedOrigins.includes(origin)) {
      throw new Refusal(403, 'origin', `Pages of ${origin} may not show the player: name it in http.allowed_origins.`);
    }
    // What an incident opens ends with it; a code would carry it on.
    const own = { ...rights, sub, name, exp, granted: [] };
    permittedCamera(services, own, camera, 'watch');
    const shownTo = visitor === undefined ? sub : visitorSub(sub, visitor);
    if (shownTo === undefined) {
      throw new Refusal(400, 'visitor', 'Only a program names visitors: ask with a service token.');
    }
    const asked_at = Date.now();
    const grant = {
      sub: shownTo,
      ...(name === undefined ? {} : { name }),
      ...(jti === undefined ? {} : { jti }),
      // Nobody shows others more of the past than they may see.
      ...(rights.history ? { history: rights.history } : {}),
      camera,
      origin,
      asked_at,
      ends_at: Math.min(exp * 1000, asked_at + services.config.auth.loginTokenTtlMs),
    };
    const code = embeds.make(grant, CODE_TTL_MS);
    const url = `${baseUrl(request, services.config)}/watch/${camera}?code=${code}`;
    return reply.code(201).send({ url, sub: grant.sub, expires_in: CODE_TTL_MS / 1000 });
  });

  server.post(
    `${path}/token`,
    {
      config: { rateLimit: { max: 120, timeWindow: 60_000 } },
      schema: {
        tags,
        body: Type.Object({ code: Type.String({ minLength: 1, maxLength: 100 }), camera: IdSchema }, closed),
        response: { 200: TokenSchema },
      },
    },
    async (request) => {
      // Our own player asks, from within the frame: never the page around it.
      refuseForeignSocket(request, services.config);
      const grant = embeds.redeem(request.body.code);
      const good = grant?.camera === request.body.camera && grant;
      if (!good) throw unauthorized('code', 'This code was used already, or is too old: load the page around it anew.');
      if (!services.config.http.allowedOrigins.includes(good.origin)) {
        throw unauthorized('origin', 'The site that this code was made for may no longer show the player.');
      }
      const { sub, name, jti, camera, history, asked_at, ends_at } = good;
      const revoked = services.revocations.hits({ sub, iat: asked_at / 1000, ...(jti === undefined ? {} : { jti }) });
      if (revoked) throw unauthorized('revoked', 'Whoever asked for this code may no longer watch.');
      const expires_in = Math.floor((ends_at - Date.now()) / 1000);
      const rights = { role: 'viewer' as const, cameras: [camera], zones: [], ...(history ? { history } : {}) };
      const token = gate.mintLogin({ sub, name, jti, ...rights }, expires_in);
      return { token, expires_in };
    },
  );
}
