import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { authority } from '../../adapters/authority.ts';
import type { Endpoint } from '../../adapters/mediamtx/exchange.ts';
import { IdSchema } from '../../bus/identity.ts';
import { type Admission, admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import { unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { QualitySchema } from './live.ts';
import { baseUrl, hostName } from './origin.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { viewerOf } from './views.ts';

const asked = {
  params: Type.Object({ camera_id: IdSchema }),
  querystring: Type.Object({ quality: QualitySchema }),
  tags: ['watching'],
};
const granted = {
  session_id: Type.String(),
  expires_in: Type.Integer({ description: 'seconds' }),
  quality: Type.String(),
};
const ADDRESS = Type.String({ description: 'holds a token that is bound to this camera and session' });
type Asking = FastifyRequest<{ Params: { camera_id: string }; Querystring: { quality?: string } }>;

/** SRT allows no longer one (SRTO_STREAMID). */
const STREAM_ID_BYTES = 512;

/**
 * The address of a stream over SRT; undefined where the stream id, which holds path and token, would be too long. It is
 * written as mediamtx reads it; the user in it counts for nothing.
 */
export function srtAddress(
  { host, port }: Endpoint,
  action: 'read' | 'publish',
  path: string,
  token: string,
): string | undefined {
  const streamId = `${action}:${path}:s:${token}`;
  if (streamId.length > STREAM_ID_BYTES) return undefined;
  return `srt://${authority(host, port)}?streamid=${streamId}`;
}

/**
 * `GET /live/:camera_id/rtsp` and `…/srt`: for players that know addresses alone, so that the address holds the token.
 * The relay lets it in as often as it likes while the session lives.
 */
export function addressRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const open = async (request: Asking, protocol: 'rtsp' | 'srt') => {
    const camera = placeOf(request);
    const { quality } = request.query;
    const wish = { protocol, address: request.ip, ...(quality === undefined ? {} : { quality }) };
    const admission = await admit(services, shared, callerOf(request), camera, wish);
    const permission = { action: 'read' as const, path: camera.id };
    return {
      camera: camera.id,
      relay: viewerOf(admission.view).relay,
      token: services.gate.mintRelay(admission.session, [permission], admission.expiresInS),
      called: hostName(new URL(baseUrl(request, services.config)).host),
      answer: answerOf(admission),
    };
  };

  server.get(
    '/live/:camera_id/rtsp',
    { schema: { ...asked, response: { 200: Type.Object({ ...granted, rtsp_url: ADDRESS }) } } },
    async (request) => {
      const { camera, relay, token, called, answer } = await open(request, 'rtsp');
      const address = services.rtspAt(relay, camera, called);
      if (!address) throw unavailable('no-rtsp', `Relay ${relay} offers no RTSP.`, {}, 10);
      return { ...answer, rtsp_url: `${address}?token=${token}` };
    },
  );

  server.get(
    '/live/:camera_id/srt',
    { schema: { ...asked, response: { 200: Type.Object({ ...granted, srt_url: ADDRESS }) } } },
    async (request) => {
      const { camera, relay, token, called, answer } = await open(request, 'srt');
      const at = services.srtAt(relay, called);
      if (!at) throw unavailable('no-srt', `Relay ${relay} offers no SRT.`, {}, 10);
      const address = srtAddress(at, 'read', camera, token);
      const text = `The id of camera ${camera} is too long: SRT has room for 512 bytes of path and token. Use RTSP.`;
      if (!address) throw unavailable('no-srt', text);
      return { ...answer, srt_url: address };
    },
  );
}

const answerOf = ({ session, expiresInS, view }: Admission) => ({
  session_id: session,
  expires_in: expiresInS,
  quality: viewerOf(view).quality,
});
