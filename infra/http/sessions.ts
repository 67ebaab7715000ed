import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import {
  StaleSchema,
  VIEWER_STATES,
  type ViewerProtocol,
  ViewerProtocolSchema,
  type ViewerState,
} from '../../bus/events/viewer.ts';
import { IdSchema } from '../../bus/identity.ts';
import { access } from '../../machines/policy/access.ts';
import { renew } from './admission.ts';
import { doerOf } from './doing.ts';
import { callerOf, placeOf } from './door.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOpen, viewerOf } from './views.ts';

const params = Type.Object({ session_id: IdSchema });
const SessionSchema = Type.Object({
  id: Type.String(),
  camera: Type.String(),
  zone: Type.Optional(Type.String()),
  node: Type.Optional(Type.String({ description: 'the gateway where it lives, when that is another one' })),
  subject: Type.String(),
  name: Type.Optional(Type.String()),
  protocol: ViewerProtocolSchema,
  quality: Type.String(),
  relay: Type.String(),
  state: Type.Enum([...VIEWER_STATES]),
  since: Type.Optional(Type.Number({ description: 'epoch ms' })),
  why: Type.Optional(Type.Unknown()),
  expires_at: Type.Number({ description: 'epoch ms' }),
  first_frame_ms: Type.Optional(Type.Number()),
  legs: Type.Array(Type.String()),
  figures: Type.Optional(Type.Unknown({ description: 'what the player measured last' })),
});

function show(view: CellView, shared: Shared) {
  const { camera, zone, subject, protocol, quality, relay, expires_at, first_frame_ms, legs } = viewerOf(view);
  return {
    id: view.id,
    camera,
    zone,
    subject: subject?.sub ?? '',
    name: subject?.name,
    protocol: protocol as ViewerProtocol,
    quality,
    relay,
    state: view.state as ViewerState,
    since: view.since,
    why: view.why,
    expires_at,
    first_frame_ms,
    legs: Object.keys(legs),
    figures: shared.connections.of(view.id)?.figures,
  };
}

const RenewedSchema = Type.Object({
  session_id: Type.String(),
  stream_token: Type.String(),
  expires_in: Type.Number({ description: 'seconds' }),
  expires_at: Type.Number({ description: 'epoch ms' }),
});

/** `/api/v1/sessions`: who watches what, and how to end it. */
export function sessionRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { cells } = services;
  const path = '/api/v1/sessions';
  const tags = ['sessions'];

  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({
          ...pageQuery,
          camera: Type.Optional(IdSchema),
          subject: Type.Optional(Type.String({ maxLength: 200 })),
          ended: Type.Optional(Type.Boolean()),
        }),
        response: { 200: listOf(SessionSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { camera: wanted, subject: of, ended = false } = request.query;
      const mine = cells.list('viewer').filter((view) => {
        const { camera, zone, subject } = viewerOf(view);
        if (!ended && !isOpen(view)) return false;
        if (wanted !== undefined && camera !== wanted) return false;
        if (of !== undefined && subject?.sub !== of) return false;
        return subject?.sub === caller.sub || access(caller, { camera, zone }, 'operate').allowed;
      });
      const page = pageOf(mine, request.query);
      return { ...page, items: page.items.map((view) => show(view, shared)) };
    },
  );
  server.get(`${path}/:session_id`, { schema: { tags, params, response: { 200: SessionSchema } } }, async (request) => {
    if (!request.card) return show(placeOf(request), shared);
    const { id: session, camera, subject, quality, relay, expires_at, node } = request.card;
    const { protocol, state } = request.card as { protocol: ViewerProtocol; state: ViewerState };
    return { id: session, camera, subject, protocol, quality, relay, state, expires_at, node, legs: [] };
  });
  server.delete(`${path}/:session_id`, { schema: { tags, params } }, async (request, reply) => {
    const view = placeOf(request);
    if (isOpen(view)) {
      const offered = services.cells.offer(
        { kind: 'viewer', id: view.id },
        { type: 'viewer.revoked', ...doerOf(callerOf(request)), reason: 'the session was ended by hand' },
      );
      // The machine has moved already: the player need not wait for the journal to stop showing the picture.
      shared.connections.end(view.id, cells.view({ kind: 'viewer', id: view.id }));
      await offered;
    }
    return reply.code(204).send();
  });
  server.post(`${path}/:session_id/stale`, { schema: { tags, params, body: StaleSchema } }, async (request, reply) => {
    const { id } = placeOf(request);
    services.metrics.stalePlaylists.inc();
    await services.cells.offer({ kind: 'viewer', id }, { type: 'playlist.stale', ...request.body });
    return reply.code(204).send();
  });
  server.post(
    `${path}/:session_id/renew`,
    { schema: { tags, params, response: { 200: RenewedSchema } } },
    async (request) => renew(services, callerOf(request), placeOf(request)),
  );
}
