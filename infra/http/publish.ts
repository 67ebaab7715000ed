import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { rtspAddress } from '../../adapters/mediamtx/exchange.ts';
import { isPublished, type Source } from '../../bus/events/camera.ts';
import { type Why, WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { publisherBy } from '../../bus/publisher.ts';
import { srtAddress } from './addresses.ts';
import { callerOf, placeOf } from './door.ts';
import { Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { baseUrl, hostName } from './origin.ts';
import type { HttpServices, PublishPlace } from './services.ts';
import { cameraOf } from './views.ts';

/** A token is looked at when publishing begins, and never again. */
const TOKEN_S = 600;
const ADDRESS = Type.String({ description: 'holds a token that lets its holder publish here, and nothing else' });

/**
 * Where a source of the camera that the address names is published, whichever host that is on, and why there.
 * @param asked id of the source; the first that is published, unless said
 * @throws Refusal
 */
export async function publishedSource(
  request: FastifyRequest,
  services: HttpServices,
  asked: string | undefined,
): Promise<{ source: Source; place: PublishPlace; why: Why }> {
  const camera = placeOf(request);
  const published = (cameraOf(camera).settings?.sources ?? []).filter(({ url }) => isPublished(url));
  const source = asked === undefined ? published[0] : published.find(({ id }) => id === asked);
  if (!source) {
    const what = asked === undefined ? 'no source' : `no source "${asked}"`;
    const text = `Camera ${camera.id} has ${what} that is published: write publish: as the address of one.`;
    throw new Refusal(409, 'not-published', text);
  }
  const choice = await services.intakeOf(camera.id);
  if (!choice) throw unavailable('gateway-away', 'The gateway of this camera is gone; another one takes it up.', {}, 2);
  const { intake, why } = choice;
  const called = hostName(new URL(baseUrl(request, services.config)).host);
  const place = intake === undefined ? undefined : services.publishAt(intake, camera.id, source.id, called);
  if (!place) {
    const text = 'Nobody can publish at the intake of this camera through us: it is somebody else’s.';
    throw unavailable('no-publishing', text, { why }, 10);
  }
  return { source, place, why };
}

/**
 * `POST /publish/:camera_id`: addresses at which an encoder publishes a camera whose source is `publish:`. The relay
 * itself refuses a second publisher, unless the source is `publish:takeover`.
 */
export function publishRoutes(server: Server, services: HttpServices): void {
  server.post(
    '/publish/:camera_id',
    {
      schema: {
        tags: ['publishing'],
        params: Type.Object({ camera_id: IdSchema }),
        querystring: Type.Object({
          source: Type.Optional(Type.String({ maxLength: 64, description: 'its id; the first that is published' })),
        }),
        response: {
          200: Type.Object({
            camera: Type.String(),
            source: Type.String(),
            relay: Type.String({ description: 'the intake that takes it, on whichever host' }),
            why: WhySchema,
            expires_in: Type.Integer({ description: 'seconds within which publishing must begin' }),
            rtsp_url: ADDRESS,
            rtmp_url: ADDRESS,
            srt_url: Type.Optional(ADDRESS),
            whip_url: Type.String({ description: 'for browsers and encoders that speak WHIP, with `whip_token`' }),
            whip_token: Type.String({ description: 'to be sent as a bearer token; OBS asks for it by that name' }),
          }),
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      const { source, place, why } = await publishedSource(request, services, request.query.source);
      const { relay, path, rtsp, rtmp, srt } = place;
      const token = services.gate.mintPublisher(publisherBy(callerOf(request)), path, TOKEN_S);
      const srtUrl = srt && srtAddress(srt, 'publish', path, token);
      return {
        camera: camera.id,
        source: source.id,
        ...{ relay, why },
        expires_in: TOKEN_S,
        rtsp_url: `${rtspAddress(rtsp, path)}?token=${token}`,
        rtmp_url: `${rtspAddress(rtmp, path).replace(/^rtsp/, 'rtmp')}?token=${token}`,
        // SRT has no room for the token of a camera with a very long id.
        ...(srtUrl === undefined ? {} : { srt_url: srtUrl }),
        whip_url: `${baseUrl(request, services.config)}/publish/${camera.id}/whip?source=${source.id}`,
        whip_token: token,
      };
    },
  );
}
