import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { activeStanding } from '../../machines/camera/context.ts';
import { type Device, deliver, type Protocol, type Ways } from '../../machines/policy/delivery.ts';
import { rungsNamed, USUAL_RUNGS } from '../../machines/policy/ladder.ts';
import type { RenditionContext } from '../../machines/rendition/context.ts';
import { admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import type { Server } from './fastify.ts';
import { iceServers } from './ice.ts';
import { offersLowLatency } from './low-latency.ts';
import { baseUrl } from './origin.ts';
import { ADAPTIVE, rungFor } from './rungs.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { cameraOf, viewerOf } from './views.ts';

const params = Type.Object({ camera_id: IdSchema });
/** How rungs are called. */
export const QUALITY_PATTERN = '^[a-z0-9]{1,16}$';

/** A rung that somebody asks for; an unknown one gets the best there is, and the answer says which. */
export const QualitySchema = Type.Optional(Type.String({ pattern: QUALITY_PATTERN, description: 'for instance 480p' }));

/** The best rung that a player of HLS is to be offered: it begins there, and goes down from it, and up to it, by itself. */
export const MaxQualitySchema = Type.Optional(
  Type.String({
    pattern: QUALITY_PATTERN,
    description: 'for instance 480p: where a player begins, and the best that it may go to; `quality` wins over it',
  }),
);

/** Low-latency HLS that somebody asks for. */
export const LatencySchema = Type.Optional(
  Type.Enum(['low'], { description: 'HLS that gives out parts of segments, where that is possible' }),
);

const BestWaySchema = Type.Object({
  protocol: Type.Enum(['webrtc', 'hls']),
  quality: Type.String(),
  bitrate: Type.String(),
  bitrate_bps: Type.Number(),
  latency: Type.Optional(Type.Enum(['low', 'usual'], { description: 'of HLS; low: RFC 8216bis' })),
  url: Type.String(),
  why: WhySchema,
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

const H265Schema = Type.Optional(
  Type.Boolean({ description: 'true: the browser decodes H.265 over WebRTC; others are shown a rung of such cameras' }),
);

/** Of every rung that a ladder makes, as RTP names it. */
const LADDER_CODEC = 'H264';

/** 2,000,000 → "2M", 640,000 → "640k". */
function inWords(bitrateBps: number): string {
  if (bitrateBps >= 1e6) return `${Math.round(bitrateBps / 1e5) / 10}M`;
  return `${Math.round(bitrateBps / 1e3)}k`;
}

/** What a request tells of the device behind it: user agent, Client Hints, and what the player measured. */
function deviceOf(
  { headers }: FastifyRequest,
  query: {
    network_kbps?: number;
    quality?: string;
    protocol?: Protocol;
    h264?: boolean;
    h265?: boolean;
    native?: boolean;
    latency?: 'low';
  },
): Device {
  const { 'sec-ch-ua-mobile': mobile, downlink, 'save-data': saveData } = headers;
  const hinted =
    typeof downlink === 'string' && /^\d{1,5}(\.\d{1,3})?$/.test(downlink) ? Number(downlink) * 1000 : undefined;
  const networkKbps = query.network_kbps ?? hinted;
  return {
    userAgent: headers['user-agent'] ?? '',
    ...(mobile === '?0' || mobile === '?1' ? { mobile: mobile === '?1' } : {}),
    ...(networkKbps === undefined ? {} : { networkKbps }),
    savesData: saveData === 'on',
    ...(query.h264 === undefined ? {} : { h264: query.h264 }),
    ...(query.h265 === undefined ? {} : { h265: query.h265 }),
    ...(query.native === undefined ? {} : { native: query.native }),
    ...(query.latency === undefined ? {} : { latency: query.latency }),
    ...(query.protocol === undefined ? {} : { protocol: query.protocol }),
    ...(query.quality === undefined ? {} : { quality: query.quality }),
  };
}

/** What is encoded for one viewer alone, where this installation offers that. */
function adaptiveWay(services: HttpServices, camera: CellView): Pick<Ways, 'adaptive'> {
  const rung = rungFor(services, camera, ADAPTIVE, true);
  if (!services.adaptive || !rung.adaptive) return {};
  const { room, why } = services.adaptive.room();
  return { adaptive: { quality: rung.name, bitrateBps: rung.bitrate_bps, room, because: why.text } };
}

/**
 * How a camera can be watched: its own picture by WebRTC, or the best rung where the device takes no H.265, and the rungs
 * that fit its size by HLS.
 */
function waysOf(services: HttpServices, camera: CellView, { quality, h265 = false }: Device): Ways {
  const { cells } = services;
  const { codec, height } = activeStanding(cameraOf(camera)) ?? {};
  const rung = rungFor(services, camera, quality, h265);
  const rendition = cells.view({ kind: 'rendition', id: camera.id });
  const { rungs = [], wanted = [], source } = (rendition?.context ?? {}) as Partial<RenditionContext>;
  // What is copied has the camera's own rate, whatever its rung is made for.
  const made = rungs.map((one) => (source && one.how === 'copied' ? { ...one, bitrate_bps: source.bitrate_bps } : one));
  const fitting = wanted.filter((rung) => height === undefined || rung.height <= height);
  const likely = fitting.length > 0 ? fitting : wanted.slice(-1);
  const itsCodec = rung.ladder ? LADDER_CODEC : codec;
  return {
    webrtc: {
      ...{ quality: rung.name, bitrateBps: rung.bitrate_bps },
      ...(itsCodec === undefined ? {} : { codec: itsCodec }),
    },
    hls: made.length > 0 ? made : likely.length > 0 ? likely : rungsNamed(USUAL_RUNGS),
    lowLatency: offersLowLatency(services),
    ...adaptiveWay(services, camera),
  };
}

/** `GET /live/:camera_id`, and `…/webrtc`, which it names. */
export function liveRoutes(server: Server, services: HttpServices, shared: Shared): void {
  server.get(
    '/live/:camera_id',
    {
      schema: {
        params,
        querystring: Type.Object({
          network_kbps: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000_000 })),
          quality: QualitySchema,
          protocol: Type.Optional(Type.Enum(['webrtc', 'hls'], { description: 'wins where it is possible' })),
          native: Type.Optional(
            Type.Boolean({ description: 'true: HLS is played by the system, as on iPhones, not by a script' }),
          ),
          latency: LatencySchema,
          h264: Type.Optional(Type.Boolean({ description: 'false: the browser can’t decode H.264 over WebRTC' })),
          h265: H265Schema,
        }),
        tags: ['watching'],
        response: {
          200: BestWaySchema,
        },
      },
    },
    async (request, reply) => {
      const camera = placeOf(request);
      const device = deviceOf(request, request.query);
      const { protocol, quality, bitrateBps, latency, why } = deliver(device, waysOf(services, camera, device));
      const base = `${baseUrl(request, services.config)}/live/${camera.id}/${protocol}`;
      // Only what somebody chose binds a player of HLS: what we think of its network may be wrong, or soon is.
      const isBound = quality === request.query.quality || quality === ADAPTIVE;
      const named = isBound
        ? `${base}?quality=${quality}`
        : protocol === 'hls'
          ? `${base}?max_quality=${quality}`
          : base;
      const url = latency === 'low' ? `${named}&latency=low` : named;
      // Browsers that may tell more of themselves do so from the next request on.
      reply.header('accept-ch', 'Sec-CH-UA-Mobile, Downlink, Save-Data').header('vary', 'User-Agent');
      const bitrate = { bitrate: inWords(bitrateBps), bitrate_bps: bitrateBps };
      return { protocol, quality, ...bitrate, ...(latency ? { latency } : {}), url, why };
    },
  );

  server.get(
    '/live/:camera_id/webrtc',
    {
      schema: {
        params,
        querystring: Type.Object({ quality: QualitySchema, h265: H265Schema }),
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
        ...(request.query.h265 === undefined ? {} : { h265: request.query.h265 }),
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
}
