import Type, { type TSchema } from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { denied, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/** Where signed addresses lie: whatever a playlist names beside itself is covered, too. */
export const SIGNED_FOLDER = ':camera_id/:session_id/:expires/:signature';

/** The signed folder of an address: camera, session, until when, and the signature over them. */
export const pathParams = Type.Object({
  camera_id: IdSchema,
  session_id: IdSchema,
  expires: Type.String({ pattern: '^[1-9][0-9]{0,11}$', description: 'epoch seconds' }),
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
});
type PathParams = Type.Static<typeof pathParams>;

/**
 * A path can be renewed only by another one, which a player would have to load anew. So it outlives its session's
 * entitlement, and each request looks at that: renewing a session goes unnoticed by the picture.
 */
const PATH_LIFE_S = 24 * 3600;
/** The signed folder of a session's addresses, as from now. */
export const signedFolder = ({ hls }: HttpServices, camera: Id, session: Id): string =>
  hls.paths.sign({ camera, session, expires: Math.ceil(Date.now() / 1000) + PATH_LIFE_S });

/**
 * The session that a signed path belongs to, if it still gives a right.
 * @param protocol what the session was admitted to: a right to the present is none to the past
 * @throws Refusal
 */
export function checkPath(services: HttpServices, params: PathParams, protocol: 'hls' | 'past'): CellView {
  const { camera_id: camera, session_id: session, expires, signature } = params;
  const against = services.hls.paths.against({ camera, session, expires: Number(expires) }, signature, Date.now());
  if (against === 'expired') throw new Refusal(410, 'expired', 'This address has run out; ask for a new one.');
  if (against) throw denied(against);
  const view = services.cells.view({ kind: 'viewer', id: session as Id });
  if (view && viewerOf(view).protocol !== protocol) throw denied('signature');
  if (!view || !isOpen(view)) throw denied(view?.why.reason ?? 'ended', view ? { why: view.why } : {});
  return view;
}

/** Players live on pages of other sites; a signed address is itself the right, so CORS gives nothing away. */
export function allowOtherSites(server: Server, url: string, params: TSchema): void {
  server.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url !== url) return;
    reply.header('access-control-allow-origin', '*');
    reply.header(
      'access-control-expose-headers',
      'Accept-Ranges, Content-Length, Content-Range, ETag, Retry-After, X-Signalbox-At, X-Signalbox-Earliest',
    );
    reply.header('cross-origin-resource-policy', 'cross-origin');
  });
  server.options(url, { schema: { params, tags: ['watching'] } }, async (_request, reply) => {
    reply.header('access-control-allow-methods', 'GET, HEAD, OPTIONS');
    reply.header('access-control-allow-headers', 'Range').header('access-control-max-age', '600');
    return reply.code(204).send();
  });
}
