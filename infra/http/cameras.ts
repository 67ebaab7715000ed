import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import {
  CAMERA_STATES,
  CameraSettingsSchema,
  type CameraState,
  PublisherSchema,
  SOURCE_STATES,
} from '../../bus/events/camera.ts';
import { RECORDING_STATES, type RecordingState } from '../../bus/events/recording.ts';
import { RungSchema } from '../../bus/events/rendition.ts';
import { SOUND_STATES, type SoundState } from '../../bus/events/sound.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { type Id, IdSchema, id } from '../../bus/identity.ts';
import { activeStanding } from '../../machines/camera/context.ts';
import { whereabouts } from '../../machines/camera/whereabouts.ts';
import { access, isAtLeast } from '../../machines/policy/access.ts';
import { CameraInputSchema, SourcesSchema } from '../config/camera-input.ts';
import { type Caller, callerOf, placeOf } from './door.ts';
import { missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import { ladderWanted, rungsOf } from './rungs.ts';
import type { HttpServices } from './services.ts';
import { cameraOf, isOpen, isOver, recordingOf, viewerOf, zoneOf } from './views.ts';

const params = Type.Object({ camera_id: IdSchema });

const RecordSchema = Type.Object(
  { keep_ms: Type.Number(), max_bytes: Type.Optional(Type.Number()) },
  { description: 'absent: it is recorded during emergencies alone' },
);
const RecordingSchema = Type.Object(
  {
    state: Type.Enum([...RECORDING_STATES]),
    keepable: Type.Boolean({ description: 'whether the caller may keep stretches of it from being deleted' }),
  },
  { description: 'how its recording stands; absent: there is none, or none that the caller may see' },
);
const CameraSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  zone: Type.String(),
  state: Type.Enum([...CAMERA_STATES]),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  health: Type.Enum(['ok', 'degraded', 'dark']),
  sources: Type.Array(
    Type.Object({
      id: Type.String(),
      state: Type.Enum([...new Set([...SOURCE_STATES, ...CAMERA_STATES])], {
        description: 'how it stands; while the camera is not awake, as the camera',
      }),
      since: Type.Number({ description: 'epoch ms; of a flowing source, since when it has been steady' }),
      why: WhySchema,
      url: Type.Optional(Type.String()),
    }),
  ),
  active_source: Type.String(),
  active_why: Type.Optional({
    ...WhySchema,
    description: 'why that source feeds it, and not one before it, as things stand; absent while none does',
  }),
  chosen_source: Type.Optional(Type.String({ description: "the operator's choice, until that source fails" })),
  misplaced: Type.Optional(
    Type.Object(
      {
        source: Type.String(),
        intake: Type.String(),
        publisher: PublisherSchema,
        at: Type.Number({ description: 'epoch ms' }),
        why: WhySchema,
      },
      {
        description:
          'for operators: who last published a source at another intake than this camera’s, and was cut; where to go instead is in `why`',
      },
    ),
  ),
  rungs: Type.Array(Type.String()),
  ladder: Type.Array(RungSchema, {
    description: 'what its ladder is to be made of, best first; rungs larger than its picture are left out',
  }),
  viewers: Type.Integer(),
  keep: CameraSettingsSchema.properties.keep,
  record: Type.Optional(RecordSchema),
  recording: Type.Optional(RecordingSchema),
  codec: Type.Optional(Type.String()),
  audio: Type.Optional(Type.String()),
  sound: Type.Optional(
    Type.Object(
      { state: Type.Enum([...SOUND_STATES]), since: Type.Number(), why: WhySchema },
      { description: 'how its sound is made for WebRTC; absent before anybody has listened' },
    ),
  ),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  bitrate_bps: Type.Optional(Type.Number()),
  fps: Type.Optional(Type.Number()),
  origin: Type.Optional(Type.Enum(['file', 'overlay'])),
  ptz: Type.Boolean({ description: 'it can be moved' }),
  demo: Type.Optional(Type.Boolean({ description: 'it has a plug that can be pulled' })),
});

const settings = CameraInputSchema.properties;
const NewCamera = Type.Object({ id: IdSchema, ...settings, sources: SourcesSchema }, { additionalProperties: false });
const CameraChange = Type.Object(settings, { additionalProperties: false, minProperties: 1 });

function healthOf(view: CellView): 'ok' | 'degraded' | 'dark' {
  if (view.tags.includes('watchable')) return view.state === 'live' ? 'ok' : 'degraded';
  return view.tags.includes('connected') ? 'degraded' : 'dark';
}

/** A camera as the interface shows it. Addresses of sources are for those who run them. */
function show(view: CellView, viewers: number, services: HttpServices, caller: Caller) {
  const context = cameraOf(view);
  const { settings, active, standings, chosen, misplaced } = context;
  const state = view.state as CameraState;
  const { codec, audio, width, height } = activeStanding(context) ?? {};
  const runs = isAtLeast(caller.role, 'operator');
  const origin = services.overlay.origin(view.id);
  const active_why = whereabouts(context, systemClock.now());
  const sound = services.cells.view({ kind: 'sound', id: view.id });
  return {
    id: view.id,
    name: settings?.name ?? view.id,
    zone: zoneOf(view),
    state,
    since: view.since,
    why: view.why,
    health: healthOf(view),
    sources: (settings?.sources ?? []).map(({ id: source, url }) => {
      const { since, why, ...stands } = standings[source] ?? { state, since: view.since, why: view.why };
      return { id: source, state: stands.state, since, why, ...(runs ? { url } : {}) };
    }),
    active_source: active,
    ...(active_why ? { active_why } : {}),
    ...(chosen === undefined ? {} : { chosen_source: chosen }),
    ...(runs && misplaced ? { misplaced } : {}),
    rungs: rungsOf(services, view, true).map(({ name }) => name),
    ladder: ladderWanted(services, view.id),
    viewers,
    ptz: services.cells.view({ kind: 'ptz', id: view.id })?.tags.includes('over') === false,
    keep: settings?.keep ?? 'warm',
    ...recordOf(services, view.id),
    ...pastOf(services, view, caller),
    codec,
    audio,
    ...(sound && !isOver(sound)
      ? { sound: { state: sound.state as SoundState, since: sound.since, why: sound.why } }
      : {}),
    width,
    height,
    ...services.rates(view.id),
    ...(origin ? { origin } : {}),
    ...(services.demo?.has(view.id) ? { demo: true } : {}),
  };
}

/** How its recording is kept, where its settings ask for one. */
function recordOf({ cells }: HttpServices, camera: Id): { record?: Type.Static<typeof RecordSchema> } {
  const view = cells.view({ kind: 'recording', id: camera });
  if (!view || isOver(view)) return {};
  const { wanted, keep_ms, max_bytes } = recordingOf(view);
  return wanted ? { record: { keep_ms, ...(max_bytes === undefined ? {} : { max_bytes }) } } : {};
}

/** How its recording stands, for whoever may look at it: nobody else need ask for it in vain. */
function pastOf({ cells }: HttpServices, view: CellView, caller: Caller) {
  const recording = cells.view({ kind: 'recording', id: view.id });
  const place = { camera: view.id, zone: zoneOf(view) };
  if (!recording || !access(caller, place, 'review').allowed) return {};
  const keepable = isAtLeast(caller.role, 'operator');
  return { recording: { state: recording.state as RecordingState, keepable } };
}

/** How many watch each camera. */
function countViewers(services: HttpServices): Map<string, number> {
  const counts = new Map<string, number>();
  for (const viewer of services.cells.list('viewer')) {
    if (!isOpen(viewer)) continue;
    const { camera } = viewerOf(viewer);
    counts.set(camera, (counts.get(camera) ?? 0) + 1);
  }
  return counts;
}

/** A refusal of the overlay, told as what the caller sent wrongly. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || !('reason' in error) || typeof error.reason !== 'string') return error;
  const status = { exists: 409, 'not-found': 404, 'from-file': 409, 'too-many': 409 }[error.reason] ?? 400;
  return new Refusal(status, error.reason, error.message, 'at' in error ? { at: error.at } : {});
}

/** `/api/v1/cameras`: who sees what, posters and charts, and the cameras that are added here. */
export function cameraRoutes(server: Server, services: HttpServices): void {
  const { cells, overlay } = services;
  const path = '/api/v1/cameras';
  const tags = ['cameras'];
  const shown = (camera: Id, caller: Caller) => {
    const view = cells.view({ kind: 'camera', id: camera });
    if (!view) throw missing(`camera ${camera}`);
    return show(view, countViewers(services).get(camera) ?? 0, services, caller);
  };

  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({ ...pageQuery, state: Type.Optional(Type.Enum([...CAMERA_STATES])) }),
        response: { 200: listOf(CameraSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const counts = countViewers(services);
      const mine = cells
        .list('camera')
        .filter((view) => !isOver(view) && access(caller, { camera: view.id, zone: zoneOf(view) }, 'watch').allowed)
        .filter((view) => request.query.state === undefined || view.state === request.query.state);
      const page = pageOf(mine, request.query);
      return { ...page, items: page.items.map((view) => show(view, counts.get(view.id) ?? 0, services, caller)) };
    },
  );
  server.get(`${path}/:camera_id`, { schema: { tags, params, response: { 200: CameraSchema } } }, async (request) =>
    shown(placeOf(request).id, callerOf(request)),
  );
  server.get(`${path}/:camera_id/chart`, { schema: { tags, params } }, async (request) =>
    services.chart(placeOf(request)),
  );
  server.get(`${path}/:camera_id/poster.jpg`, { schema: { tags, params } }, async (request, reply) => {
    const poster = await services.poster(placeOf(request).id);
    if (!poster) throw new Refusal(404, 'no-poster', 'There is no picture of this camera yet.');
    const etag = `"${poster.at}"`;
    reply.header('etag', etag).header('last-modified', new Date(poster.at).toUTCString());
    reply.header('cache-control', 'private, no-cache').header('x-taken-at', String(poster.at));
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('image/jpeg').send(Buffer.from(poster.jpeg));
  });

  const changed = async (change: Promise<void>) => {
    try {
      await change;
    } catch (error) {
      throw asRefusal(error);
    }
  };
  server.post(path, { schema: { tags, body: NewCamera, response: { 201: CameraSchema } } }, async (request, reply) => {
    const caller = callerOf(request);
    const { id: text, ...settings } = request.body;
    const camera = id(text);
    const present = cells.view({ kind: 'camera', id: camera });
    if (present && !isOver(present)) throw new Refusal(409, 'exists', `There is a camera ${camera} already.`);
    await changed(overlay.add(camera, settings, caller.sub));
    return reply.code(201).header('location', `${path}/${camera}`).send(shown(camera, caller));
  });
  server.patch(
    `${path}/:camera_id`,
    { schema: { tags, params, body: CameraChange, response: { 200: CameraSchema } } },
    async (request) => {
      const caller = callerOf(request);
      await changed(overlay.patch(placeOf(request).id, request.body, caller.sub));
      return shown(placeOf(request).id, caller);
    },
  );
  server.delete(`${path}/:camera_id`, { schema: { tags, params } }, async (request, reply) => {
    await changed(overlay.remove(placeOf(request).id, callerOf(request).sub));
    return reply.code(204).send();
  });
}
