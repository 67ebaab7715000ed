import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import type { RecordedPiece, Stretch } from '../../adapters/recordings.files.ts';
import { type Why, WhySchema } from '../../bus/events/why.ts';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { parseFactType } from '../../bus/subjects.ts';
import { admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import { missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { keepHlsAudience } from './hls-audience.ts';
import { baseUrl } from './origin.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { allowOtherSites, checkPath, pathParams, SIGNED_FOLDER, signedFolder } from './signed-paths.ts';
import { recordingOf } from './views.ts';

const files = `/recordings/${SIGNED_FOLDER}/:file`;
const PLAYLIST = 'media.m3u8';
const fileParams = Type.Object({
  ...pathParams.properties,
  file: Type.String({
    pattern: '^(media\\.m3u8|[a-z0-9][a-z0-9_-]{0,63}\\.[0-9]{1,12}-[0-9]{6}(\\.[0-9]{1,6}\\.m4s|\\.mp4))$',
  }),
});
const Moment = (description: string) =>
  Type.String({ pattern: '^[0-9]{1,15}$|^\\d{4}-\\d\\d-\\d\\dT[0-9:.]{5,12}(Z|[+-]\\d\\d:\\d\\d)$', description });
const windowQuery = Type.Object({
  from: Type.Optional(Moment('epoch ms, or a time such as 2026-11-26T14:03:00Z')),
  to: Type.Optional(Moment('the same; absent: it goes on as the camera does')),
});
const cameraParams = Type.Object({ camera_id: IdSchema });

const DAY_MS = 86_400_000;
/** Ranges are told of a month at once: closed files say how long they are. */
const MONTH_MS = 31 * DAY_MS;
/** Nothing is missing where two stretches are closer than this. */
const LEAST_GAP_MS = 1_500;
/** What stopped a recording was told about when it stopped. */
const NEAR_MS = 6_000;

const GapSchema = Type.Object({
  from: Type.Number(),
  to: Type.Number(),
  why: Type.Optional(WhySchema),
});
const RecordingSchema = Type.Object({
  camera: Type.String(),
  state: Type.String({ description: 'off, waiting, starting, recording, failing or full' }),
  since: Type.Number(),
  why: WhySchema,
  keep_ms: Type.Number(),
  protections: Type.Array(Type.Unknown()),
  from: Type.Number(),
  to: Type.Number(),
  ranges: Type.Array(Type.Object({ from: Type.Number(), to: Type.Number(), source: Type.String() })),
  gaps: Type.Array(GapSchema),
});

/** A moment as somebody wrote it, in epoch ms. @throws Refusal */
function momentIn(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new Refusal(400, 'bad-request', `"${text}" is not a moment: use epoch ms, or RFC 3339.`);
  return at;
}

/** The window that somebody asks for. @throws Refusal */
function windowIn(
  { from, to }: { from?: string; to?: string },
  longestMs = DAY_MS,
): { from: number; to: number; goesOn: boolean } {
  if (from === undefined)
    throw new Refusal(400, 'bad-request', 'Say from when: ?from=2026-11-26T14:03:00Z, or epoch ms.');
  const [begin, end] = [momentIn(from), to === undefined ? Number.POSITIVE_INFINITY : momentIn(to)];
  if (begin >= end) throw new Refusal(400, 'bad-request', '?from= does not lie before ?to=.');
  const last = Math.min(end, begin + longestMs);
  if (Number.isFinite(end) && end > last) {
    throw new Refusal(400, 'bad-request', `Ask for ${longestMs / DAY_MS} days at most at a time.`);
  }
  return { from: begin, to: last, goesOn: last > Date.now() };
}

/** What is missing between what there is. */
function gapsBetween(ranges: readonly Stretch[], from: number, to: number): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  let reached = from;
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    if (range.from - reached >= LEAST_GAP_MS) gaps.push({ from: reached, to: range.from });
    reached = Math.max(reached, range.to);
  }
  if (to - reached >= LEAST_GAP_MS) gaps.push({ from: reached, to });
  return gaps;
}

/** Why nothing was recorded, as the recording itself told about then: its last word before the end of the gap. */
async function explain(
  { facts }: Pick<HttpServices, 'facts'>,
  camera: Id,
  gaps: { from: number; to: number }[],
): Promise<{ from: number; to: number; why?: Why }[]> {
  const [first] = gaps;
  if (!first) return [];
  const reasons = new Map<object, Why>();
  for await (const { envelope } of facts.read({ since: first.from - NEAR_MS })) {
    if (envelope.subject !== `recording/${camera}`) continue;
    const at = Date.parse(envelope.time);
    const { event } = parseFactType(envelope);
    const gap = gaps.find((one) => at >= one.from - NEAR_MS && at <= one.to + NEAR_MS);
    if (gap && !['recording', 'starting', 'segment'].includes(event)) reasons.set(gap, envelope.data.why as Why);
  }
  return gaps.map((gap) => ({ ...gap, ...(reasons.has(gap) ? { why: reasons.get(gap) as Why } : {}) }));
}

const nameOf = ({ file: { source, name } }: RecordedPiece): string => `${source}.${name}`;

/** The pieces as a media playlist (RFC 8216): a file that goes on from another one begins a timeline of its own. */
function playlist(pieces: readonly RecordedPiece[], goesOn: boolean): string {
  const longest = Math.max(2, ...pieces.map(({ from, to }) => (to - from) / 1000));
  const lines = [
    ...['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${Math.ceil(longest)}`, '#EXT-X-MEDIA-SEQUENCE:0'],
    ...[`#EXT-X-PLAYLIST-TYPE:${goesOn ? 'EVENT' : 'VOD'}`, '#EXT-X-INDEPENDENT-SEGMENTS'],
  ];
  let last: RecordedPiece | undefined;
  for (const piece of pieces) {
    if (!last || nameOf(last) !== nameOf(piece)) {
      if (last) lines.push('#EXT-X-DISCONTINUITY');
      lines.push(`#EXT-X-MAP:URI="${nameOf(piece)}.mp4"`);
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(piece.from).toISOString()}`,
      `#EXTINF:${((piece.to - piece.from) / 1000).toFixed(3)},`,
      `${nameOf(piece)}.${piece.number}.m4s`,
    );
    last = piece;
  }
  return `${[...lines, ...(goesOn ? [] : ['#EXT-X-ENDLIST'])].join('\n')}\n`;
}

/** Looks at the past of a camera as a session of its own: counted, revocable, and in the access ledger. */
async function look(services: HttpServices, shared: Shared, request: Parameters<typeof callerOf>[0], camera: CellView) {
  const wish = { protocol: 'past' as const, address: request.ip };
  return admit(services, shared, callerOf(request), camera, wish);
}

/** One file of a range: what fits the first piece, each file's times going on from those before. */
async function* oneFile({ recordings }: Pick<HttpServices, 'recordings'>, pieces: readonly RecordedPiece[]) {
  const [first] = pieces;
  if (!first) return;
  yield first.init;
  let played = 0;
  let shift = 0;
  let file = '';
  for (const piece of pieces) {
    // Clocks of camera and relay differ a little: a file begins where the one before it ended.
    if (nameOf(piece) !== file) shift = piece.from - played;
    file = nameOf(piece);
    yield await recordings.fragmentOf(piece, shift);
    played = piece.to - shift;
  }
}

/** `GET /api/v1/recordings/:camera_id`, and the past as HLS or as one file. */
export function recordingRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const { cells, recordings } = services;
  allowOtherSites(server, files, fileParams);
  const audience = keepHlsAudience(services, 'past');
  server.addHook('preClose', async () => audience.close());
  const recordingAt = (camera: Id): CellView => {
    const view = cells.view({ kind: 'recording', id: camera });
    if (!view) throw new Refusal(404, 'not-recorded', `Camera ${camera} is not recorded: set record in its settings.`);
    return view;
  };
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
      const { state, since, why, keep_ms, protections } = recordingOf(recordingAt(camera.id));
      const now = Date.now();
      const { from = String(now - DAY_MS), to = String(now) } = request.query;
      const window = windowIn({ from, to }, MONTH_MS);
      const ranges = await recordings.stretches(camera.id, window.from, window.to);
      const begun = ranges[0]?.from ?? window.to;
      // What lies before the first picture of all was never recorded, or is gone by age.
      const gaps = gapsBetween(ranges, Math.max(window.from, begun), Math.min(window.to, now));
      return {
        ...{ camera: camera.id, state, since, why, keep_ms, protections },
        ...{ from: window.from, to: window.to, ranges, gaps: await explain(services, camera.id, gaps) },
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
          }),
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      recordingAt(camera.id);
      const { session, expiresInS } = await look(services, shared, request, camera);
      const folder = signedFolder(services, camera.id, session);
      const url = `${baseUrl(request, services.config)}/recordings/${folder}/${PLAYLIST}`;
      return { session_id: session, hls_url: url, expires_in: expiresInS };
    },
  );

  server.get(
    '/recordings/:camera_id/index.m3u8',
    { schema: { params: cameraParams, querystring: windowQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const camera = placeOf(request);
      recordingAt(camera.id);
      const { from, to } = request.query;
      windowIn(request.query);
      const { session } = await look(services, shared, request, camera);
      const query = new URLSearchParams({
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      // Players load this once; what they load again and again is the signed one.
      const media = `/recordings/${signedFolder(services, camera.id, session)}/${PLAYLIST}?${query}`;
      const bandwidth = Math.round(services.rates(camera.id)?.bitrate_bps ?? 4_000_000);
      reply.type('application/vnd.apple.mpegurl').header('cache-control', 'no-store');
      return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth}\n${media}\n`;
    },
  );

  server.get(
    '/recordings/:camera_id/export.mp4',
    { schema: { params: cameraParams, querystring: windowQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const camera = placeOf(request);
      const { from, to, goesOn } = windowIn(request.query);
      if (goesOn) throw new Refusal(400, 'bad-request', 'Say until when: ?to= has to lie in the past.');
      const all = await recordings.pieces(camera.id, from, to);
      const [first] = all;
      if (!first) throw missing(`recording of ${camera.id} in that time`);
      const fitting = all.filter(({ init }) => fits(init, first.init));
      const end = fitting.at(-1)?.to ?? to;
      const { session } = await look(services, shared, request, camera);
      const stream = Readable.from(oneFile(services, fitting), { objectMode: false });
      const over = () =>
        void cells.offer({ kind: 'viewer', id: session }, { type: 'viewer.closed' }).catch((err) => {
          services.log.warn({ err, session }, 'a look at a recording could not be ended');
        });
      stream.once('close', over);
      const name = `${camera.id}-${new Date(first.from).toISOString().replaceAll(':', '')}.mp4`;
      reply.type('video/mp4').header('cache-control', 'no-store');
      reply.header('content-disposition', `attachment; filename="${name}"`);
      // A picture can't be shown without its key frame: the range begins and ends at one.
      reply
        .header('x-signalbox-from', String(Math.round(first.from)))
        .header('x-signalbox-to', String(Math.round(end)));
      reply.header('x-signalbox-left-out', String(all.length - fitting.length));
      return reply.send(stream);
    },
  );

  server.get(
    files,
    { schema: { params: fileParams, querystring: windowQuery, tags: ['recordings'] } },
    async (request, reply) => {
      const { camera_id: camera, file } = request.params;
      const session = checkPath(services, request.params, 'past');
      audience.asked(session.id);
      reply.header('cache-control', 'no-store');
      if (file === PLAYLIST) return sendPlaylist(reply, camera, request.query);
      const [source = '', name = '', number] = file.split('.');
      const piece = await recordings.piece(camera, source, name, number === 'mp4' ? 0 : Number(number));
      if (!piece) throw missing('such piece of a recording: it is deleted, or not yet complete');
      reply.type('video/mp4');
      return reply.send(number === 'mp4' ? piece.init : await recordings.fragmentOf(piece, piece.file.from));
    },
  );

  async function sendPlaylist(reply: FastifyReply, camera: string, query: { from?: string; to?: string }) {
    const window = windowIn(query);
    const pieces = await recordings.pieces(camera, window.from, window.to);
    reply.type('application/vnd.apple.mpegurl');
    return reply.send(playlist(pieces, window.goesOn));
  }
}

/** Whether pieces can stand in one file. What the relay notes of itself in the head says nothing about that. */
const fits = (one: Buffer, other: Buffer): boolean => bodyOf(one).equals(bodyOf(other));
const bodyOf = (init: Buffer): Buffer => {
  const notes = init.indexOf('udta', 0, 'latin1');
  return notes < 4 ? init : init.subarray(0, notes - 4);
};
