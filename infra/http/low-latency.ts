import Type from 'typebox';
import { NoLowLatency } from '../../adapters/hls.mediamtx.ts';
import type { Id } from '../../bus/identity.ts';
import { missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HlsAudience } from './hls-audience.ts';
import { findRelay, LOW_LATENCY } from './placing.ts';
import { openWhenMade, rungIsComing } from './rung-path.ts';
import { type RungAt, rungFor, rungOfSession } from './rungs.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { allowOtherSites, checkPath, pathParams, SIGNED_FOLDER } from './signed-paths.ts';
import { presentRelays, viewerOf } from './views.ts';

/** The master playlist of a session that watches with low latency, beside those of the ladder. */
export const LOW_MASTER = 'low.m3u8';

const files = `/hls/${SIGNED_FOLDER}/:relay/:rung/:file`;
const fileParams = Type.Object({
  ...pathParams.properties,
  relay: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' }),
  rung: Type.String({ pattern: '^[a-z0-9]{1,16}$' }),
  file: Type.String({ pattern: '^[A-Za-z0-9_]{1,80}\\.(m3u8|mp4)$' }),
});
/** The directives of a blocking reload (RFC 8216bis, 6.2.5); nothing else of a query goes on, or into a cache's key. */
const directives = Type.Object({
  _HLS_msn: Type.Optional(Type.String({ pattern: '^[0-9]{1,18}$' })),
  _HLS_part: Type.Optional(Type.String({ pattern: '^[0-9]{1,6}$' })),
  _HLS_skip: Type.Optional(Type.String({ pattern: '^(YES|v2)$' })),
});

/** An answer to a blocking reload never changes, and the next one has another address; a bare playlist goes stale. */
const PLAYLIST_CACHE = 'public, max-age=1';
/** Each muxer puts a name of its own before those of parts and segments. */
const MEDIA_CACHE = 'public, max-age=60, stale-if-error=60, immutable';
/** A rung that nobody watches must be encoded first. */
const STARTING_MS = 15_000;

/** Whether any relay makes low-latency HLS for us. */
export const offersLowLatency = ({ cells, lowLatency }: Pick<HttpServices, 'cells' | 'lowLatency'>): boolean =>
  presentRelays(cells).some(({ id }) => lowLatency?.offers(id) ?? false);

const refused = (error: unknown): never => {
  if (!(error instanceof NoLowLatency)) throw error;
  throw unavailable(error.reason, 'Low-latency HLS of this camera is not ready; plain HLS may be.', {}, 2);
};

/** The rung of that very name. @throws Refusal */
function rungNamed(services: HttpServices, camera: Id, name: string): RungAt {
  const view = services.cells.view({ kind: 'camera', id: camera });
  const rung = view && rungFor(services, view, name, true);
  if (rung?.name !== name) throw missing(`rung ${name} of camera ${camera}`);
  return rung;
}

/** Puts the folder before everything that a playlist names. */
const inFolder = (playlist: string, folder: string): string =>
  playlist.replace(/^(?=[^#\s])/gm, folder).replace(/(?<=URI=")(?=[^"])/g, folder);

/** Low-latency HLS, made by a delivery relay and given out at signed addresses. */
export function lowLatencyRoutes(
  server: Server,
  services: HttpServices,
  shared: Shared,
  audience: HlsAudience,
): (session: ReturnType<typeof checkPath>) => Promise<string> {
  allowOtherSites(server, files, fileParams);

  server.get(
    files,
    { schema: { params: fileParams, querystring: directives, tags: ['watching'] } },
    async (request, reply) => {
      const { camera_id: camera, relay, rung, file } = request.params;
      const session = checkPath(services, request.params, 'hls');
      const { lowLatency } = services;
      if (!lowLatency?.offers(relay)) throw missing(`relay ${relay} with low-latency HLS`);
      const isPlaylist = file.endsWith('.m3u8');
      if (isPlaylist) audience.asked(session.id);
      const { path } = rungNamed(services, camera as Id, rung);
      const gone = new AbortController();
      reply.raw.on('close', () => gone.abort());
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(request.query)) {
        if (Object.hasOwn(directives.properties, name)) query.set(name, value);
      }
      const { status, body } = await lowLatency.file(relay, path, file, query.toString(), gone.signal).catch(refused);
      if (status !== 200) {
        body.resume();
        if (status === 400)
          throw new Refusal(400, 'too-far', 'That part is long over, or not to come soon: begin anew.');
        throw missing('such part: it is over, or nobody has asked for this camera for a while: begin anew');
      }
      reply.header('cache-control', isPlaylist ? PLAYLIST_CACHE : MEDIA_CACHE);
      if (isPlaylist) reply.header('x-signalbox-at', String(Date.now()));
      return reply.type(isPlaylist ? 'application/vnd.apple.mpegurl' : 'video/mp4').send(body);
    },
  );

  /** The master playlist of a session, from the relay that it is on, or from another where that one is gone. */
  return async (session) => {
    const { lowLatency } = services;
    const { camera, address, relay: preferred } = viewerOf(session);
    const view = services.cells.view({ kind: 'camera', id: camera as Id });
    if (!lowLatency || !view) throw missing('low-latency HLS of this camera');
    const { relay, why } = findRelay(services, shared.loads, address, preferred, { needs: [LOW_LATENCY] });
    if (relay === undefined) throw unavailable('no-relay', 'No relay can carry viewers just now.', { why });
    const { name, path } = rungOfSession(services, view, session);
    const made = () => lowLatency.master(relay, path);
    const opened = openWhenMade(STARTING_MS, made, rungIsComing(services, camera as Id));
    return inFolder(await opened.catch(refused), `${relay}/${name}/`);
  };
}
