import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { authority } from '../../adapters/authority.ts';
import type { Endpoint } from '../../adapters/mediamtx/exchange.ts';
import { IdSchema } from '../../bus/identity.ts';
import { type Admission, admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import { Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { QUALITY_PATTERN } from './live.ts';
import { baseUrl, hostName } from './origin.ts';
import { awaitRung } from './rung-path.ts';
import { type RungAt, rungsOf } from './rungs.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { viewerOf } from './views.ts';

const asked = {
  params: Type.Object({ camera_id: IdSchema }),
  querystring: Type.Object({
    quality: Type.Optional(
      Type.String({
        pattern: QUALITY_PATTERN,
        description:
          'a rung of the camera, for instance 480p: the address is that of its path; unknown ones are refused',
      }),
    ),
  }),
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

/** The rung that an address is asked for. What is encoded for one viewer alone has no address. @throws Refusal */
function rungAsked(services: HttpServices, camera: CellView, quality: string | undefined): RungAt {
  const rungs = rungsOf(services, camera, true);
  if (quality === undefined) return rungs[0];
  const addressed = rungs.filter(({ adaptive }) => !adaptive);
  const rung = addressed.find(({ name }) => name === quality);
  if (rung) return rung;
  const names = addressed.map(({ name }) => name);
  const text = `Camera ${camera.id} has no rung ${quality} just now. Ask for one of ${names.join(', ')}, or for none.`;
  throw new Refusal(404, 'no-such-rung', text, { rungs: names });
}

/**
 * `GET /live/:camera_id/rtsp` and `…/srt`: for players that know addresses alone, so that the address holds the token.
 * The relay lets it in as often as it likes while the session lives.
 */
export function addressRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const open = async (request: Asking, protocol: 'rtsp' | 'srt') => {
    const camera = placeOf(request);
    const { quality } = request.query;
    const { path, ladder } = rungAsked(services, camera, quality);
    const wish = { protocol, address: request.ip, ...(quality === undefined ? {} : { quality }) };
    const admission = await admit(services, shared, callerOf(request), camera, wish);
    if (ladder) await awaitRung(services, camera.id, admission.session);
    const permission = { action: 'read' as const, path };
    return {
      path,
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
      const { path, relay, token, called, answer } = await open(request, 'rtsp');
      const address = services.rtspAt(relay, path, called);
      if (!address) throw unavailable('no-rtsp', `Relay ${relay} offers no RTSP.`, {}, 10);
      return { ...answer, rtsp_url: `${address}?token=${token}` };
    },
  );

  server.get(
    '/live/:camera_id/srt',
    { schema: { ...asked, response: { 200: Type.Object({ ...granted, srt_url: ADDRESS }) } } },
    async (request) => {
      const { path, relay, token, called, answer } = await open(request, 'srt');
      const at = services.srtAt(relay, called);
      if (!at) throw unavailable('no-srt', `Relay ${relay} offers no SRT.`, {}, 10);
      const address = srtAddress(at, 'read', path, token);
      const text = `The id of camera ${request.params.camera_id} is too long: SRT has room for 512 bytes of path and token. Use RTSP.`;
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
