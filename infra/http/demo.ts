import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { placeOf } from './door.ts';
import { missing, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';

/** `POST /api/v1/demo/cameras/:camera_id/plug`: pulls a demo camera's plug for real. */
export function demoRoutes(server: Server, services: HttpServices): void {
  server.post(
    '/api/v1/demo/cameras/:camera_id/plug',
    {
      schema: {
        tags: ['demo'],
        params: Type.Object({ camera_id: IdSchema }),
        body: Type.Object(
          { source: Type.Optional(Type.Integer({ minimum: 0, maximum: 7 })), plugged: Type.Boolean() },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ camera: Type.String(), source: Type.Integer(), plugged: Type.Boolean() }) },
      },
    },
    async (request, reply) => {
      const camera = placeOf(request).id;
      if (!services.demo?.has(camera)) throw missing('plug on this camera: only demo cameras have one');
      const { source = 0, plugged } = request.body;
      try {
        await services.demo.plug(camera, source, plugged);
      } catch (error) {
        throw unavailable('plug', error instanceof Error ? error.message : 'the plug does not move');
      }
      return reply.code(200).send({ camera, source, plugged });
    },
  );
}
