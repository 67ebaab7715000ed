import Type from 'typebox';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import { unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { iceServers } from './ice.ts';
import { baseUrl } from './origin.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { rungFor, viewerOf } from './views.ts';

const params = Type.Object({ camera_id: IdSchema });
/** A rung that somebody asks for; an unknown one gets the best there is, and the answer says which. */
export const QualitySchema = Type.Optional(
  Type.String({ pattern: '^[a-z0-9]{1,16}$', description: 'for instance 480p' }),
);

const BestWaySchema = Type.Object({
  protocol: Type.String(),
  quality: Type.String(),
  bitrate: Type.String(),
  bitrate_bps: Type.Number(),
  url: Type.String(),
  why: Type.Object({ trigger: Type.String(), text: Type.String() }),
});

const GrantedSchema = Type.Object({
  session_id: Type.String(),
  webrtc_url: Type.String(),
  whep_url: Type.String(),
  ice_servers: Type.Array(
    Type.Object({
      urls: Type.Array(Type.String()),
      username: Type.Optional(Type.String()),
      credential: Type.Optional(Type.String()),
    }),
  ),
  stream_token: Type.String(),
  expires_in: Type.Integer({ description: 'seconds' }),
  quality: Type.String(),
  relay: Type.String(),
  why: WhySchema,
});

/** 2,000,000 → "2M", 640,000 → "640k". */
function inWords(bitrateBps: number): string {
  if (bitrateBps >= 1e6) return `${Math.round(bitrateBps / 1e5) / 10}M`;
  return `${Math.round(bitrateBps / 1e3)}k`;
}

/** Without a measurement: what the top rung is made for. */
const ASSUMED_BPS = 2_000_000;

/** `GET /live/:camera_id`, and the ways to watch it names: `…/webrtc`, `…/rtsp`. */
export function liveRoutes(server: Server, services: HttpServices, shared: Shared): void {
  server.get(
    '/live/:camera_id',
    {
      schema: {
        params,
        querystring: Type.Object({
          network_kbps: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000_000 })),
          quality: QualitySchema,
        }),
        tags: ['watching'],
        response: {
          200: BestWaySchema,
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      const quality = rungFor(camera, request.query.quality);
      const bitrate_bps = services.rates(camera.id)?.bitrate_bps ?? ASSUMED_BPS;
      const url = `${baseUrl(request, services.config)}/live/${camera.id}/webrtc`;
      const { network_kbps } = request.query;
      const why = {
        trigger: 'delivery',
        text: 'WebRTC is the only way to watch here so far, so every device gets it',
        guard: { ...(network_kbps === undefined ? {} : { network_kbps }), rungs: [quality] },
      };
      return { protocol: 'webrtc', quality, bitrate: inWords(bitrate_bps), bitrate_bps, url, why };
    },
  );

  server.get(
    '/live/:camera_id/webrtc',
    {
      schema: {
        params,
        querystring: Type.Object({ quality: QualitySchema }),
        tags: ['watching'],
        response: {
          200: GrantedSchema,
        },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const camera = placeOf(request);
      const admission = await admit(services, shared, caller, camera, {
        protocol: 'webrtc',
        address: request.ip,
        ...(request.query.quality === undefined ? {} : { quality: request.query.quality }),
      });
      const base = baseUrl(request, services.config);
      return {
        session_id: admission.session,
        webrtc_url: `${base.replace(/^http/, 'ws')}/webrtc/${camera.id}`,
        whep_url: `${base}/live/${camera.id}/whep`,
        ice_servers: iceServers(services, caller.sub),
        stream_token: admission.streamToken,
        expires_in: admission.expiresInS,
        quality: viewerOf(admission.view).quality,
        relay: viewerOf(admission.view).relay,
        why: admission.placement,
      };
    },
  );

  server.get(
    '/live/:camera_id/rtsp',
    {
      schema: {
        params,
        querystring: Type.Object({ quality: QualitySchema }),
        tags: ['watching'],
        response: {
          200: Type.Object({
            session_id: Type.String(),
            rtsp_url: Type.String({ description: 'holds a token that is bound to this camera and session' }),
            expires_in: Type.Integer({ description: 'seconds' }),
            quality: Type.String(),
          }),
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      const admission = await admit(services, shared, callerOf(request), camera, {
        protocol: 'rtsp',
        address: request.ip,
        ...(request.query.quality === undefined ? {} : { quality: request.query.quality }),
      });
      const { relay, quality } = viewerOf(admission.view);
      const address = services.rtspAt(relay, camera.id);
      if (!address) throw unavailable('no-rtsp', `Relay ${relay} offers no RTSP.`, {}, 10);
      const permission = { action: 'read' as const, path: camera.id };
      const token = services.gate.mintRelay(admission.session, [permission], admission.expiresInS);
      return {
        session_id: admission.session,
        rtsp_url: `${address}?token=${token}`,
        expires_in: admission.expiresInS,
        quality,
      };
    },
  );
}
