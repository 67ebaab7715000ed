import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { type Id, IdSchema, newId } from '../../bus/identity.ts';
import { begin, type Wish } from './admission.ts';
import { hearClient, leaveSession } from './client-legs.ts';
import { placeOf, tokenOf } from './door.ts';
import { denied, missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { iceLinks, iceServers } from './ice.ts';
import type { Goal } from './legs.ts';
import type { LegAnswer, LegSaying } from './legs-elsewhere.ts';
import { QualitySchema } from './live.ts';
import { ADAPTIVE } from './rungs.ts';
import { MAX_SDP_BYTES, type Offer, parseFragment, parseOffer } from './sdp.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { isOpen, viewerOf } from './views.ts';
import { allowOtherPages, answerPreflight, FRAGMENT, isOfType, SDP } from './web-signalling.ts';

const whep = '/live/:camera_id/whep';
const resource = `${whep}/:session_id/:leg`;
const CONNECTING_MS = 5_000;
/** States of a camera whose picture may come within moments. */
const COMING = new Set(['connecting', 'switching', 'holding']);
const LOOK_EVERY_MS = 50;
const WhepQuery = Type.Object({
  quality: QualitySchema,
  sound: Type.Optional(
    Type.Enum(['only'], {
      description: 'the sound alone, as Opus, beside a picture that has none of its own: AAC, and every lower rung',
    }),
  ),
});
const cameraParams = Type.Object({ camera_id: IdSchema });
const legParams = Type.Object({ camera_id: IdSchema, session_id: IdSchema, leg: IdSchema });

/** A camera that is being connected is waited for: players that only speak WHEP do not ask twice. */
async function awake(services: HttpServices, camera: CellView): Promise<CellView> {
  let now = camera;
  for (let waitedMs = 0; COMING.has(now.state) && waitedMs < CONNECTING_MS; waitedMs += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    now = services.cells.view({ kind: 'camera', id: camera.id }) ?? now;
  }
  return now;
}

/** What a client takes; where it does not say and takes no H.264, what is encoded for it alone. */
function wishOf({ vp8Alone, h265 }: Offer, quality = vp8Alone ? ADAPTIVE : undefined): Pick<Wish, 'quality' | 'h265'> {
  return { h265, ...(quality === undefined ? {} : { quality }) };
}

/** The session to open a connection in: the stream token's own, or a new one for a login token. */
async function sessionFor(
  request: FastifyRequest,
  services: HttpServices,
  shared: Shared,
  wanted: Pick<Wish, 'quality' | 'h265'>,
) {
  const { pass, caller } = request;
  if (pass) {
    const view = services.cells.view({ kind: 'viewer', id: pass.session });
    if (!view) throw denied('unknown-session');
    if (!isOpen(view)) throw denied(view.why.reason ?? 'ended', { why: view.why });
    return { view, fresh: false, written: Promise.resolve() };
  }
  if (!caller) throw new Error('the door let a WHEP request through without a token');
  const camera = await awake(services, placeOf(request));
  // A session that can show nothing would only be made to be thrown away.
  if (camera.tags.includes('dark') && camera.state !== 'idle') {
    throw unavailable('no-picture', 'The camera gives no picture just now.', { state: camera.state, why: camera.why });
  }
  const wish = { protocol: 'whep' as const, address: request.ip, ...wanted };
  return { ...(await begin(services, shared, caller, camera, wish)), fresh: true };
}

/** Does what a client says of its connection, wherever that was opened; undefined when no gateway has it any more. */
async function hear(
  request: FastifyRequest,
  services: HttpServices,
  shared: Shared,
  said: Omit<LegSaying, 'leg'>,
): Promise<LegAnswer | undefined> {
  const { camera_id: camera, leg } = request.params as { camera_id: string; leg: Id };
  const session = placeOf(request);
  if (viewerOf(session).camera !== camera) return undefined;
  const saying = { leg, ...said };
  return (await hearClient(services, shared, session.id, saying)) ?? services.legsElsewhere?.tell(session.id, saying);
}

/** What players and browsers ask before they begin. */
function preflightRoutes(server: Server, services: HttpServices): void {
  server.options(whep, { schema: { params: cameraParams, tags: ['watching'] } }, async (request, reply) => {
    answerPreflight(reply);
    // Players ask with their token for ICE servers before they offer; browsers ask without one, for CORS.
    const token = tokenOf(request, services.config)?.token;
    const known = token === undefined ? undefined : await services.gate.verifyLogin(token).catch(() => undefined);
    const links = iceLinks(iceServers(services, known?.sub));
    if (links.length) reply.header('link', links);
    return reply.send();
  });
  server.options(resource, { schema: { params: legParams, tags: ['watching'] } }, async (_request, reply) => {
    answerPreflight(reply);
    return reply.send();
  });
}

/** WHEP: POST an offer, PATCH candidates, DELETE to leave. */
export function whepRoutes(server: Server, services: HttpServices, shared: Shared): void {
  server.addContentTypeParser(
    [SDP, FRAGMENT],
    { parseAs: 'string', bodyLimit: MAX_SDP_BYTES },
    (_request, body, done) => done(null, body),
  );
  // Refusals too: a page that may not read why it was refused can't tell its user.
  server.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url?.startsWith(whep)) allowOtherPages(reply);
  });

  preflightRoutes(server, services);
  services.legsElsewhere?.onTold((session, saying) => hearClient(services, shared, session, saying));

  server.post(
    whep,
    {
      bodyLimit: MAX_SDP_BYTES,
      schema: { params: cameraParams, querystring: WhepQuery, tags: ['watching'] },
    },
    async (request, reply) => {
      if (!isOfType(request, SDP)) throw new Refusal(415, 'media-type', `WHEP takes an offer as ${SDP}.`);
      const sdp = request.body as string;
      const offer = parseOffer(sdp);
      const { view, fresh, written } = await sessionFor(
        request,
        services,
        shared,
        wishOf(offer, request.query.quality),
      );
      // The relay and the journal work at the same time; the answer waits for both.
      // It can't be told to go on to the program path afterwards.
      const goal: Goal = request.query.sound === 'only' ? { sound: true, haste: 'no' } : { haste: 'stays' };
      const opening = shared.legs.open(view, newId('leg'), sdp, offer, goal);
      try {
        const [{ leg, answer }] = await Promise.all([opening, written]);
        const links = iceLinks(iceServers(services, viewerOf(view).subject?.sub));
        if (links.length) reply.header('link', links);
        reply.header('location', `/live/${leg.camera}/whep/${leg.session}/${leg.name}`);
        reply.header('etag', leg.etag).header('accept-patch', FRAGMENT).header('id', leg.session);
        return reply.code(201).type(SDP).send(answer);
      } catch (error) {
        opening.then(({ leg }) => shared.legs.close(leg)).catch(() => {});
        // Nobody was told of this session, so nobody else will end it.
        if (fresh)
          void services.cells.offer({ kind: 'viewer', id: view.id }, { type: 'viewer.closed' }).catch(() => {});
        throw error;
      }
    },
  );

  server.patch(
    resource,
    { bodyLimit: MAX_SDP_BYTES, schema: { params: legParams, tags: ['watching'] } },
    async (request, reply) => {
      if (!isOfType(request, FRAGMENT)) throw new Refusal(415, 'media-type', `Candidates are taken as ${FRAGMENT}.`);
      const fragment = request.body as string;
      parseFragment(fragment);
      const answered = await hear(request, services, shared, { fragment, ifMatch: request.headers['if-match'] });
      if (!answered) throw missing('such connection: it was closed, or the gateway that opened it is gone');
      if (answered.fragment === undefined) return reply.code(204).send();
      return reply.code(200).header('etag', answered.etag).type(FRAGMENT).send(answered.fragment);
    },
  );

  server.delete(resource, { schema: { params: legParams, tags: ['watching'] } }, async (request, reply) => {
    if (!(await hear(request, services, shared, {}))) await leaveSession(services, shared, placeOf(request));
    return reply.code(200).send();
  });
}
