import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { TAKEOVER } from '../../bus/events/camera.ts';
import { IdSchema } from '../../bus/identity.ts';
import { publisherBy } from '../../bus/publisher.ts';
import { callerOf } from './door.ts';
import { denied, missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { iceLinks, iceServers } from './ice.ts';
import { publishedSource } from './publish.ts';
import { MAX_SDP_BYTES, offerCarried, parseFragment, parseOffer } from './sdp.ts';
import type { HttpServices } from './services.ts';
import { allowOtherPages, answerPreflight, FRAGMENT, isOfType, SDP } from './web-signalling.ts';

const whip = '/publish/:camera_id/whip';
const resource = `${whip}/:source/:publication`;
/** The intake asks for it at once. */
const RELAY_TOKEN_S = 60;
const tags = ['publishing'];
const params = Type.Object({ camera_id: IdSchema });
const resourceParams = Type.Object({ camera_id: IdSchema, source: IdSchema, publication: IdSchema });

/** Where the caller publishes; a publisher's token opens one source alone. @throws Refusal */
async function placeFor(request: FastifyRequest, services: HttpServices, asked: string | undefined) {
  const found = await publishedSource(request, services, asked);
  const { publisher } = request;
  if (publisher && publisher.path !== found.place.path) throw denied('other-source');
  return found;
}

/** What the intake refuses, in our words. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { reason, message } = error as { reason?: string; message?: string };
  if (reason === 'bad-offer')
    return new Refusal(400, 'bad-sdp', 'The intake can not answer this offer.', { detail: message });
  if (reason === 'gone') return missing('such publication: it has ended');
  return unavailable(reason ?? 'relay-away', 'The intake takes nobody just now.');
}

const told = async <T>(asked: Promise<T>): Promise<T> => {
  try {
    return await asked;
  } catch (error) {
    throw refusalOf(error);
  }
};

/** WHIP (RFC 9725): POST an offer to publish, PATCH candidates, DELETE to leave. The intake itself is never reached from outside. */
export function whipRoutes(server: Server, services: HttpServices): void {
  server.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url?.startsWith(whip)) allowOtherPages(reply);
  });
  for (const [url, schema] of [
    [whip, { params, tags }],
    [resource, { params: resourceParams, tags }],
  ] as const) {
    server.options(url, { schema }, async (_request, reply) => {
      answerPreflight(reply);
      return reply.send();
    });
  }

  server.post(
    whip,
    {
      bodyLimit: MAX_SDP_BYTES,
      schema: { params, querystring: Type.Object({ source: Type.Optional(IdSchema) }), tags },
    },
    async (request, reply) => {
      if (!isOfType(request, SDP)) throw new Refusal(415, 'media-type', `WHIP takes an offer as ${SDP}.`);
      const sdp = request.body as string;
      parseOffer(sdp);
      const { source, place } = await placeFor(request, services, request.query.source);
      const who = request.publisher ?? publisherBy(callerOf(request));
      // The intake would answer first and refuse then: its client would see a connection that breaks, and no reason.
      if (source.url !== TAKEOVER && (await told(services.whip.isTaken(place)))) {
        throw new Refusal(
          409,
          'taken',
          'Somebody publishes here already, and the source does not say publish:takeover.',
        );
      }
      const token = services.gate.mintPublisher(who, place.path, RELAY_TOKEN_S);
      const { answer, publication } = await told(services.whip.open(place, offerCarried(sdp), token));
      const links = iceLinks(iceServers(services, who.sub));
      if (links.length) reply.header('link', links);
      reply.header('location', `/publish/${request.params.camera_id}/whip/${source.id}/${publication}`);
      // Of the session as it began: an ICE restart is asked for with any.
      reply.header('etag', '"0"').header('accept-patch', FRAGMENT);
      return reply.code(201).type(SDP).send(answer);
    },
  );

  server.patch(
    resource,
    { bodyLimit: MAX_SDP_BYTES, schema: { params: resourceParams, tags } },
    async (request, reply) => {
      if (!isOfType(request, FRAGMENT)) throw new Refusal(415, 'media-type', `Candidates are taken as ${FRAGMENT}.`);
      const fragment = request.body as string;
      parseFragment(fragment);
      const { source, publication } = request.params;
      const { place } = await placeFor(request, services, source);
      const answered = await told(services.whip.trickle(place, publication, fragment));
      if (answered?.fragment === undefined) return reply.code(204).send();
      return reply.code(200).type(FRAGMENT).send(answered.fragment);
    },
  );

  server.delete(resource, { schema: { params: resourceParams, tags } }, async (request, reply) => {
    const { source, publication } = request.params;
    const { place } = await placeFor(request, services, source);
    await told(services.whip.close(place, publication));
    return reply.code(200).send();
  });
}
