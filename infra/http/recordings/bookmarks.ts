import Type from 'typebox';
import { type Doer, doer, doerIn } from '../../../bus/events/doer.ts';
import type { Protection } from '../../../bus/events/recording.ts';
import { type Id, IdSchema, newId } from '../../../bus/identity.ts';
import { doerOf } from '../doing.ts';
import { type Caller, callerOf, placeOf } from '../door.ts';
import { denied, missing, Refusal } from '../errors.ts';
import type { Server } from '../fastify.ts';
import { listOf, pageOf, pageQuery } from '../paging.ts';
import type { HttpServices } from '../services.ts';
import { recordingOf } from '../views.ts';
import { HistoryTold, historyTold, horizonOfCaller, refuseBefore } from './horizon.ts';
import { recordingAt } from './recording-at.ts';
import { sizedStretches } from './sized.ts';
import { DAY_MS, windowIn } from './window.ts';

const Bookmark = Type.Object({
  id: IdSchema,
  camera: IdSchema,
  name: Type.String(),
  from: Type.Number({ description: 'epoch ms' }),
  to: Type.Number({ description: 'epoch ms' }),
  ...doer,
  yours: Type.Boolean({ description: 'you may take it away' }),
});
const Wish = Type.Object(
  {
    from: Type.Integer({ minimum: 0, maximum: 1e14, description: 'epoch ms' }),
    to: Type.Integer({
      minimum: 0,
      maximum: 1e14,
      description: 'epoch ms; a day later at most, and it may be to come',
    }),
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  },
  { additionalProperties: false },
);

/** What is kept of one camera by people: more is a program that went wrong, and the disk's end. */
const LIMIT = 200;

/** A protection that a person made, and may take away. */
type Kept = Required<Omit<Protection, 'by_name'>> & Doer;
const isBookmark = (one: Protection): one is Kept =>
  one.to !== undefined && one.name !== undefined && one.by !== undefined;

/** `/api/v1/recordings/:camera_id/bookmarks`: stretches of the past that people keep from retention, under a name. */
export function bookmarkRoutes(server: Server, services: HttpServices): void {
  const { cells, recordings } = services;
  const path = '/api/v1/recordings/:camera_id/bookmarks';
  const tags = ['recordings'];
  const params = Type.Object({ camera_id: IdSchema });
  const address = (camera: Id) => ({ kind: 'recording' as const, id: camera });
  const kept = (camera: Id): Kept[] => recordingOf(recordingAt(cells, camera)).protections.filter(isBookmark);
  const mayEnd = ({ by }: Kept, { sub, role }: Caller): boolean => by === sub || role === 'admin';
  const show = ({ holder, name, from, to, ...whose }: Kept, camera: Id, yours: boolean) => {
    return { id: holder, camera, name, from, to, ...doerIn(whose), yours };
  };

  server.get(
    path,
    {
      schema: {
        tags,
        params,
        querystring: Type.Object(pageQuery),
        response: {
          200: Type.Object({ ...listOf(Bookmark).properties, history: Type.Optional(HistoryTold) }),
        },
      },
    },
    async (request) => {
      const [camera, caller] = [placeOf(request), callerOf(request)];
      const horizon = horizonOfCaller(services, caller, camera);
      const seen = kept(camera.id).filter(({ to }) => to > horizon.from);
      const items = seen.map((one) => show(one, camera.id, mayEnd(one, caller)));
      return { ...pageOf(items, request.query), ...historyTold(horizon) };
    },
  );

  server.post(
    path,
    {
      schema: {
        tags,
        params,
        body: Wish,
        response: {
          201: Type.Object({
            ...Bookmark.properties,
            bytes: Type.Integer({ description: 'of the files that it keeps now; 0: nothing was recorded here then' }),
          }),
        },
      },
    },
    async (request, reply) => {
      const [camera, caller] = [placeOf(request), callerOf(request)];
      const { name, from, to } = request.body;
      windowIn({ from: String(from), to: String(to) }, DAY_MS);
      refuseBefore(horizonOfCaller(services, caller, camera), from);
      if (kept(camera.id).length >= LIMIT) {
        throw new Refusal(409, 'too-many', `People keep ${LIMIT} stretches of ${camera.id} already: let go of some.`);
      }
      const one = { holder: newId('keep'), name: name.trim(), from, to, ...doerOf(caller) };
      await cells.offer(address(camera.id), { type: 'recording.protected', ...one });
      const stretches = await sizedStretches(recordings, camera.id, { from, to });
      const bytes = stretches.reduce((sum, stretch) => sum + stretch.bytes, 0);
      reply.code(201).header('location', `${path.replace(':camera_id', camera.id)}/${one.holder}`);
      return { ...show(one, camera.id, true), bytes };
    },
  );

  server.delete(
    `${path}/:bookmark_id`,
    { schema: { tags, params: Type.Object({ ...params.properties, bookmark_id: IdSchema }) } },
    async (request, reply) => {
      const [camera, caller] = [placeOf(request), callerOf(request)];
      const horizon = horizonOfCaller(services, caller, camera);
      const { bookmark_id: asked } = request.params;
      const one = kept(camera.id).find(({ holder, to }) => holder === asked && to > horizon.from);
      if (!one) throw missing(`bookmark ${asked} of ${camera.id}`);
      if (!mayEnd(one, caller)) throw denied('not-yours');
      await cells.offer(address(camera.id), { type: 'recording.unprotected', holder: one.holder, ...doerOf(caller) });
      return reply.code(204).send();
    },
  );
}
