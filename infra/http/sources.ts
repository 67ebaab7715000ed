import Type from 'typebox';
import { IdSchema } from '../../bus/identity.ts';
import { doerOf } from './doing.ts';
import { callerOf, placeOf } from './door.ts';
import { Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';
import { cameraOf } from './views.ts';

/** `POST /api/v1/cameras/:camera_id/source`: an operator chooses the source that feeds the program. */
export function sourceRoutes(server: Server, { cells }: HttpServices): void {
  server.post(
    '/api/v1/cameras/:camera_id/source',
    {
      schema: {
        tags: ['cameras'],
        params: Type.Object({ camera_id: IdSchema }),
        body: Type.Object(
          { source: Type.String({ maxLength: 64, description: 'id of a source, or "auto"' }) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ camera: Type.String(), source: Type.String(), active_source: Type.String() }) },
      },
    },
    async (request) => {
      const place = placeOf(request);
      const { source } = request.body;
      const { settings, standings, active } = cameraOf(place);
      const ids = settings?.sources.map(({ id }) => id) ?? [];
      if (source !== 'auto' && !ids.includes(source)) {
        const known = `${ids.join(', ')}, or auto`;
        throw new Refusal(400, 'no-source', `Camera ${place.id} has no source "${source}": choose ${known}.`);
      }
      const standing = standings[source];
      if (source !== 'auto' && standing?.state !== 'flowing') {
        const why = standing ? `${standing.state}, ${standing.why.text}` : 'nobody watches, so it is not asked';
        const text = `Source ${source} of camera ${place.id} gives no picture (${why}): choose one that does, or auto.`;
        throw new Refusal(409, 'not-flowing', text);
      }
      await cells.offer(place, { type: 'source.chosen', source, ...doerOf(callerOf(request)) });
      return { camera: place.id, source, active_source: active };
    },
  );
}
