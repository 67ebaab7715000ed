import { createHash } from 'node:crypto';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { choosePusher } from '../../actors/pushing.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { type Id, IdSchema, id, isId } from '../../bus/identity.ts';
import { access } from '../../machines/policy/access.ts';
import { callerOf, permittedCamera } from './door.ts';
import { denied, missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { broadcastOf, zoneOf } from './views.ts';

const BroadcastSchema = Type.Object({
  id: Type.String(),
  camera: Type.String(),
  zone: Type.String(),
  destination: Type.String(),
  to: Type.String({ description: 'address of the destination, without its stream key' }),
  relay: Type.String({ description: 'the relay that pushes' }),
  by: Type.String(),
  state: Type.String({ description: 'connecting, on-air, retrying or stopped' }),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  picture: Type.Boolean({ description: 'false: what is pushed is the slate, as the camera has no picture' }),
});

function show(view: CellView) {
  const { camera, zone, destination, to, relay, by, picture } = broadcastOf(view);
  const { state, since, why } = view;
  return { id: view.id, camera, zone, destination, to, relay, by, state, since, why, picture };
}

/** One broadcast for each camera and destination: asked for twice, it is the same one. */
function broadcastId(camera: string, destination: string): Id {
  const both = `${camera}--${destination}`;
  if (isId(both)) return both;
  return id(`${camera.slice(0, 40)}--${createHash('sha256').update(both).digest('hex').slice(0, 16)}`);
}

/** The relay that is to push a new broadcast. @throws Refusal 503 when none can */
function chosenRelay({ cells }: HttpServices): string {
  const { relay, why } = choosePusher(cells);
  if (relay === undefined) throw unavailable('no-relay', 'No relay can push just now.', { why });
  return relay;
}

/** `/api/v1/broadcasts`: what is pushed where, and whether it is on air. */
export function broadcastRoutes(server: Server, services: HttpServices): void {
  const { cells, config } = services;
  const path = '/api/v1/broadcasts';
  const tags = ['broadcasts'];
  const params = Type.Object({ broadcast_id: IdSchema });
  const stopped = Type.Optional(Type.Boolean({ description: 'also those that were stopped' }));

  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({ ...pageQuery, stopped }),
        response: { 200: listOf(BroadcastSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const mine = cells.list('broadcast').filter((view) => {
        const wanted = request.query.stopped || view.tags.includes('wanted');
        return wanted && access(caller, broadcastOf(view), 'operate').allowed;
      });
      return pageOf(mine.map(show), request.query);
    },
  );

  const body = Type.Object({ camera: IdSchema, destination: IdSchema }, { additionalProperties: false });
  server.post(
    path,
    { schema: { tags, body, response: { 200: BroadcastSchema, 201: BroadcastSchema } } },
    async (request, reply) => {
      const { camera, destination } = request.body;
      const caller = callerOf(request);
      const place = permittedCamera(services, caller, camera, 'operate');
      const found = Object.hasOwn(config.destinations, destination) ? config.destinations[destination] : undefined;
      if (!found) {
        const known = Object.keys(config.destinations);
        const text = known.length
          ? `There are ${known.join(', ')}.`
          : 'The configuration has none: add `destinations`.';
        throw new Refusal(404, 'not-found', `There is no destination ${destination}. ${text}`);
      }
      const at = { kind: 'broadcast' as const, id: broadcastId(camera, destination) };
      const former = cells.view(at);
      if (former?.tags.includes('wanted')) return show(former);
      const event = {
        type: 'broadcast.requested',
        ...{ camera, zone: zoneOf(place), destination, to: found.to, relay: chosenRelay(services), by: caller.sub },
        picture: place.tags.includes('watchable'),
      };
      const { view } = await (former ? cells.offer(at, event) : cells.create(at, event));
      return reply.code(201).send(show(view));
    },
  );

  const DestinationSchema = Type.Object({ id: Type.String(), to: Type.String() });
  server.get(
    '/api/v1/destinations',
    { schema: { tags, querystring: Type.Object(pageQuery), response: { 200: listOf(DestinationSchema) } } },
    async (request) => {
      const all = Object.entries(config.destinations).map(([name, { to }]) => ({ id: name, to }));
      return pageOf(all, request.query);
    },
  );

  server.delete(`${path}/:broadcast_id`, { schema: { tags, params } }, async (request, reply) => {
    const caller = callerOf(request);
    const at = { kind: 'broadcast' as const, id: id(request.params.broadcast_id) };
    const view = cells.view(at);
    if (!view) throw missing(`broadcast ${at.id}`);
    if (!access(caller, broadcastOf(view), 'operate').allowed) throw denied();
    if (view.tags.includes('wanted')) await cells.offer(at, { type: 'broadcast.stopped', by: caller.sub });
    return reply.code(204).send();
  });
}
