import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ProtectionSchema, RECORDING_STATES, type RecordingState } from '../../bus/events/recording.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import type { Horizon } from '../../machines/policy/history.ts';
import { rulesOf } from '../../machines/recording.ts';
import { callerOf, placeOf } from './door.ts';
import { missing } from './errors.ts';
import type { Server } from './fastify.ts';
import { keepHlsAudience } from './hls-audience.ts';
import { baseUrl } from './origin.ts';
import { rangedBuffer, rangedChunks, sendRanged } from './ranges.ts';
import { bookmarkRoutes } from './recordings/bookmarks.ts';
import { explain, gapsBetween, losses, wordsOf } from './recordings/gaps.ts';
import {
  goneOf,
  HistoryTold,
  historyTold,
  horizonOfCaller,
  horizonOfSession,
  piecesSince,
  refuseBefore,
  tellEarliest,
} from './recordings/horizon.ts';
import { openLooks } from './recordings/look.ts';
import { chunksOf, fits, tagOf } from './recordings/one-file.ts';
import { packageRoute } from './recordings/packages.ts';
import { masterPlaylist, playlist } from './recordings/playlist.ts';
import { recordingAt } from './recordings/recording-at.ts';
import { sizedStretches } from './recordings/sized.ts';
import { sendThumbnail, thumbnailLooks } from './recordings/thumbnail.ts';
import { DAY_MS, momentOf, momentQuery, pastWindowIn, windowIn, windowQuery } from './recordings/window.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { allowOtherSites, checkPath, pathParams, SIGNED_FOLDER, signedFolder } from './signed-paths.ts';
import { recordingOf } from './views.ts';

const files = `/recordings/${SIGNED_FOLDER}/:file`;
const PLAYLIST = 'media.m3u8';
const THUMBNAIL = 'thumbnail.jpg';
const fileParams = Type.Object({
  ...pathParams.properties,
  file: Type.String({
    pattern:
      '^(media\\.m3u8|thumbnail\\.jpg|[a-z0-9][a-z0-9_-]{0,63}\\.[0-9]{1,12}-[0-9]{6}(\\.[0-9]{1,6}\\.m4s|\\.mp4))$',
  }),
});
/** Ranges are told of a month at once: closed files say how long they are. */
const MONTH_MS = 31 * DAY_MS;
const fileQuery = Type.Object({ ...windowQuery.properties, ...momentQuery.properties });
const cameraParams = Type.Object({ camera_id: IdSchema });

const GapSchema = Type.Object({
  from: Type.Number(),
  to: Type.Number(),
  why: Type.Optional(WhySchema),
});
const RecordingSchema = Type.Object({
  camera: Type.String(),
  state: Type.Enum([...RECORDING_STATES]),
  since: Type.Number(),
  why: WhySchema,
  keep_ms: Type.Number(),
  protections: Type.Array(ProtectionSchema, { description: 'what retention leaves alone, and for whom' }),
  from: Type.Number(),
  to: Type.Number(),
  ranges: Type.Array(
    Type.Object({
      from: Type.Number(),
      to: Type.Number(),
      source: Type.String({ description: "which of the camera's own sources; it is recorded as it was sent" }),
      rung: Type.Literal('source', { description: 'no rung of a ladder is ever recorded, nor a slate' }),
      codec: Type.Optional(Type.String({ description: 'of the picture (RFC 6381): avc1.64001f' })),
      width: Type.Optional(Type.Integer()),
      height: Type.Optional(Type.Integer()),
      sound: Type.Optional(Type.String({ description: 'its codec: mp4a, Opus …; absent: there is none' })),
      bytes: Type.Integer({ description: 'of its files on the disk, whole, also where they reach beyond it' }),
    }),
  ),
  bytes: Type.Integer({ description: 'of all ranges' }),
  gaps: Type.Array(GapSchema),
  history: Type.Optional(HistoryTold),
});

/** `GET /api/v1/recordings/:camera_id`, and the past as HLS or as one file. */
export function recordingRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { cells, recordings } = services;
  const looks = openLooks(services, shared);
  allowOtherSites(server, files, fileParams);
  const audience = keepHlsAudience(services, 'past');
  server.addHook('preClose', async () => audience.close());
  const horizonFor = (request: FastifyRequest) => horizonOfCaller(services, callerOf(request), placeOf(request));
  server.get(
    '/api/v1/recordings/:camera_id',
    {
      schema: {
        params: cameraParams,
        querystring: windowQuery,
        tags: ['recordings'],
        response: { 200: RecordingSchema },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      const recording = recordingOf(recordingAt(cells, camera.id));
      const { state, since, why, keep_ms, protections } = recording;
      const now = Date.now();
      const { from = String(now - DAY_MS), to = String(now) } = request.query;
      const asked = windowIn({ from, to }, MONTH_MS);
      const horizon = horizonFor(request);
      const window = { from: Math.min(Math.max(asked.from, horizon.from), asked.to), to: asked.to };
      const isOpen = window.from < window.to;
      const words = isOpen ? await wordsOf(services.facts, camera.id, window) : [];
      const lost = losses(words, window);
      const found = isOpen ? await sizedStretches(recordings, camera.id, window, lost) : [];
      // What is set to another size or codec goes on in a range of its own.
      const ranges = found.map(({ form, ...range }) => {
        return { ...range, from: Math.max(range.from, horizon.from), rung: 'source' as const, ...form };
      });
      const begun = ranges[0]?.from ?? window.to;
      // What lies before the first picture of all was never recorded, or is gone by age.
      const gaps = gapsBetween(ranges, Math.max(window.from, begun), Math.min(window.to, now));
      return {
        ...{ camera: camera.id, state: state as RecordingState, since, why, keep_ms },
        protections: protections.filter(({ to }) => to === undefined || to > horizon.from),
        ...{ from: window.from, to: window.to, ranges, bytes: ranges.reduce((sum, range) => sum + range.bytes, 0) },
        ...{ gaps: explain(words, gaps, { ranges: found, lost, rules: rulesOf(recording), now }) },
        ...historyTold(horizon),
      };
    },
  );

  server.get(
    '/recordings/:camera_id',
    {
      schema: {
        params: cameraParams,
        tags: ['recordings'],
        response: {
          200: Type.Object({
            session_id: Type.String(),
            hls_url: Type.String({ description: 'add ?from=&to=, again and again; the address is the right' }),
            expires_in: Type.Integer({ description: 'seconds; POST …/sessions/:id/renew prolongs it' }),
            history: Type.Optional(HistoryTold),
          }),
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      recordingAt(cells, camera.id);
      const { session, expiresInS } = await looks.begin(request, camera);
      const folder = signedFolder(services, camera.id, session);
      const url = `${baseUrl(request, services.config)}/recordings/${folder}/${PLAYLIST}`;
      return { session_id: session, hls_url: url, expires_in: expiresInS, ...historyTold(horizonFor(request)) };
    },
  );

  server.get(
    '/recordings/:camera_id/index.m3u8',
    { schema: { params: cameraParams, querystring: windowQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const camera = placeOf(request);
      recordingAt(cells, camera.id);
      const { from, to } = request.query;
      const window = windowIn(request.query);
      refuseBefore(horizonFor(request), window.from);
      const stretches = await recordings.stretches(camera.id, window.from, window.to);
      const { session } = await looks.begin(request, camera);
      const query = new URLSearchParams({
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      // Players load this once; what they load again and again is the signed one.
      const media = `/recordings/${signedFolder(services, camera.id, session)}/${PLAYLIST}?${query}`;
      const bandwidth = Math.round(services.rates(camera.id)?.bitrate_bps ?? 4_000_000);
      reply.type('application/vnd.apple.mpegurl').header('cache-control', 'no-store');
      return masterPlaylist(media, bandwidth, stretches);
    },
  );

  const glances = thumbnailLooks();
  server.get(
    '/recordings/:camera_id/thumbnail',
    { schema: { params: cameraParams, querystring: momentQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const camera = placeOf(request);
      recordingAt(cells, camera.id);
      const at = momentOf(request.query);
      const horizon = horizonFor(request);
      refuseBefore(horizon, at);
      const { sub, jti } = callerOf(request);
      await glances.noted(`${sub} ${jti ?? ''}`, camera.id, async () =>
        looks.end((await looks.begin(request, camera)).session),
      );
      return sendThumbnail(services, reply, camera.id, at, horizon);
    },
  );

  server.get(
    '/recordings/:camera_id/export.mp4',
    { schema: { params: cameraParams, querystring: windowQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const camera = placeOf(request);
      const { from, to } = pastWindowIn(request.query);
      const horizon = horizonFor(request);
      refuseBefore(horizon, from);
      const all = piecesSince(horizon, await recordings.pieces(camera.id, from, to));
      const [first] = all;
      if (!first) throw missing(`recording of ${camera.id} in that time`);
      const fitting = all.filter(({ init }) => fits(init, first.init));
      const end = fitting.at(-1)?.to ?? to;
      const { session } = await looks.begin(request, camera);
      reply.raw.once('close', () => looks.end(session));
      const name = `${camera.id}-${new Date(first.from).toISOString().replaceAll(':', '')}.mp4`;
      reply.type('video/mp4').header('cache-control', 'no-store');
      reply.header('content-disposition', `attachment; filename="${name}"`);
      // A picture can't be shown without its key frame: the range begins and ends at one.
      reply
        .header('x-signalbox-from', String(Math.round(first.from)))
        .header('x-signalbox-to', String(Math.round(end)));
      reply.header('x-signalbox-left-out', String(all.length - fitting.length));
      return sendRanged(request, reply, rangedChunks(tagOf(fitting), chunksOf(recordings, fitting)));
    },
  );

  packageRoute(server, services, looks);
  bookmarkRoutes(server, services);

  server.get(
    files,
    { schema: { params: fileParams, querystring: fileQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const { camera_id: camera, file } = request.params;
      const session = checkPath(services, request.params, 'past');
      audience.asked(session.id);
      const horizon = horizonOfSession(services, session);
      reply.header('cache-control', 'no-store');
      if (file === PLAYLIST) return sendPlaylist(reply, camera, request.query, horizon);
      if (file === THUMBNAIL) return sendThumbnail(services, reply, camera, momentOf(request.query), horizon);
      const [source = '', name = '', number] = file.split('.');
      const piece = await recordings.piece(camera, source, name, number === 'mp4' ? 0 : Number(number));
      if (!piece) throw missing('such piece of a recording: it is deleted, or not yet complete');
      // What stands before the pieces shows nothing.
      if (number !== 'mp4') refuseBefore(horizon, piece.from);
      reply.type('video/mp4');
      const bytes = number === 'mp4' ? piece.init : await recordings.fragmentOf(piece, piece.file.from);
      return sendRanged(request, reply, rangedBuffer(`${file}-${piece.end}`, bytes));
    },
  );

  async function sendPlaylist(
    reply: FastifyReply,
    camera: string,
    query: { from?: string; to?: string },
    horizon: Horizon,
  ) {
    const window = windowIn(query);
    refuseBefore(horizon, window.to);
    const pieces = await recordings.pieces(camera, window.from, window.to);
    reply.type('application/vnd.apple.mpegurl');
    tellEarliest(reply, horizon);
    const listed = { goesOn: window.goesOn, gone: goneOf(horizon, pieces), slides: horizon.lastMs !== undefined };
    return reply.send(playlist(pieces, listed));
  }
}
