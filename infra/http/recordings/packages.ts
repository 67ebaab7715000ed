import Type from 'typebox';
import { ID_PATTERN, type Id, IdSchema } from '../../../bus/identity.ts';
import { callerOf, permittedCamera, placeOf } from '../door.ts';
import { missing } from '../errors.ts';
import type { Server } from '../fastify.ts';
import type { HttpServices } from '../services.ts';
import { horizonOfCaller, piecesSince, refuseBefore } from './horizon.ts';
import type { Looks } from './look.ts';
import { packageOf, type Shot } from './package.ts';
import { pastWindowIn, windowQuery } from './window.ts';

const MOST_CAMERAS = 16;
const ID = ID_PATTERN.slice(1, -1);
const packageQuery = Type.Object({
  ...windowQuery.properties,
  with: Type.Optional(
    Type.String({
      pattern: `^${ID}(,${ID}){0,${MOST_CAMERAS - 2}}$`,
      description: 'further cameras of the same time, by their ids with commas between',
    }),
  ),
});

/** `GET /recordings/:camera_id/package.tar`: video of one or several cameras, and the log, as one signed file. */
export function packageRoute(server: Server, services: HttpServices, looks: Looks): void {
  server.get(
    '/recordings/:camera_id/package.tar',
    { schema: { params: Type.Object({ camera_id: IdSchema }), querystring: packageQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const { from, to } = pastWindowIn(request.query);
      const caller = callerOf(request);
      const first = placeOf(request);
      const others = new Set((request.query.with ?? '').split(',').filter((id) => id !== '' && id !== first.id));
      const cameras = [first, ...[...others].map((id) => permittedCamera(services, caller, id, 'review'))];
      const shots: Shot[] = [];
      for (const camera of cameras) {
        const horizon = horizonOfCaller(services, caller, camera);
        refuseBefore(horizon, from);
        const pieces = piecesSince(horizon, await services.recordings.pieces(camera.id, from, to));
        shots.push({ camera: camera.id, pieces });
      }
      const named = cameras.map(({ id }) => id).join(', ');
      if (shots.every(({ pieces }) => pieces.length === 0)) throw missing(`recording of ${named} in that time`);
      const sessions: Id[] = [];
      const ended = (): void => {
        for (const session of sessions.splice(0)) looks.end(session);
      };
      try {
        for (const camera of cameras) sessions.push((await looks.begin(request, camera)).session);
        const { stream, bytes } = await packageOf(services, { shots, from, to, by: caller.sub });
        stream.once('close', ended);
        stream.on('error', (err) => services.log.warn({ err }, 'a package broke off'));
        const name = `${first.id}${others.size > 0 ? `-and-${others.size}` : ''}-${new Date(from).toISOString().replaceAll(':', '')}.tar`;
        reply.type('application/x-tar').header('cache-control', 'no-store').header('content-length', String(bytes));
        return reply.header('content-disposition', `attachment; filename="${name}"`).send(stream);
      } catch (error) {
        ended();
        throw error;
      }
    },
  );
}
