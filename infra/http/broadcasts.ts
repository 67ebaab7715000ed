import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { NoPusher, requestBroadcast } from '../../actors/pushing.ts';
import { BROADCAST_STATES, type BroadcastState } from '../../bus/events/broadcast.ts';
import { doer, doerIn } from '../../bus/events/doer.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema, id } from '../../bus/identity.ts';
import { access } from '../../machines/policy/access.ts';
import { wishOf } from '../config/destinations.ts';
import { doerOf } from './doing.ts';
import { callerOf, permittedCamera } from './door.ts';
import { denied, missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { broadcastOf } from './views.ts';

const BroadcastSchema = Type.Object({
  id: Type.String(),
  camera: Type.String(),
  zone: Type.String(),
  destination: Type.String(),
  to: Type.String({ description: 'address of the destination, without its stream key' }),
  relay: Type.String({ description: 'the relay that pushes' }),
  ...doer,
  state: Type.Enum([...BROADCAST_STATES]),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  picture: Type.Boolean({ description: 'false: what is pushed is the slate, as the camera has no picture' }),
});

function show(view: CellView) {
  const broadcast = broadcastOf(view);
  const { camera, zone, destination, to, relay, picture } = broadcast;
  const { since, why } = view;
  const state = view.state as BroadcastState;
  return { id: view.id, camera, zone, destination, to, relay, ...doerIn(broadcast), state, since, why, picture };
}

/** `/api/v1/broadcasts`: what is pushed where, and whether it is on air. */
export function broadcastRoutes(server: Server, services: HttpServices): void {
  const { cells, config } = services;
  const path = '/api/v1/broadcasts';
  const tags = ['broadcasts'];
  const params = Type.Object({ broadcast_id: IdSchema });
  const stopped = Type.Optional(Type.Boolean({ description: 'also those that were stopped within a day' }));

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
      try {
        const encoded = wishOf(found) !== undefined;
        const { encodesAt } = services;
        const wish = { camera: place.id, destination, to: found.to, ...doerOf(caller), encoded, encodesAt };
        const { view, begun } = await requestBroadcast(cells, wish);
        return reply.code(begun ? 201 : 200).send(show(view));
      } catch (error) {
        if (error instanceof NoPusher)
          throw unavailable('no-relay', `It can’t be pushed: ${error.why.text}.`, { why: error.why });
        throw error;
      }
    },
  );

  const DestinationSchema = Type.Object({
    id: Type.String(),
    to: Type.String(),
    monitor: Type.Optional(Type.String({ description: 'shows what arrives; {camera} stands for the camera’s id' })),
  });
  server.get(
    '/api/v1/destinations',
    { schema: { tags, querystring: Type.Object(pageQuery), response: { 200: listOf(DestinationSchema) } } },
    async (request) => {
      const all = Object.entries(config.destinations).map(([name, { to, monitor }]) => {
        return { id: name, to, ...(monitor === undefined ? {} : { monitor }) };
      });
      return pageOf(all, request.query);
    },
  );

  server.delete(`${path}/:broadcast_id`, { schema: { tags, params } }, async (request, reply) => {
    const caller = callerOf(request);
    const at = { kind: 'broadcast' as const, id: id(request.params.broadcast_id) };
    const view = cells.view(at);
    if (!view) throw missing(`broadcast ${at.id}`);
    if (!access(caller, broadcastOf(view), 'operate').allowed) throw denied();
    if (view.tags.includes('wanted')) await cells.offer(at, { type: 'broadcast.stopped', ...doerOf(caller) });
    return reply.code(204).send();
  });
}
