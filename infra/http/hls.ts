import { existsSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { masterPlaylist } from '../../adapters/ladder.ffmpeg/master.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { type Id, IdSchema } from '../../bus/identity.ts';
import { rungInstead, rungsOffered } from '../../machines/policy/ladder.ts';
import type { RenditionContext } from '../../machines/rendition/context.ts';
import { admit } from './admission.ts';
import { callerOf, placeOf } from './door.ts';
import { denied, missing, Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { type HlsAudience, keepHlsAudience } from './hls-audience.ts';
import { LatencySchema, MaxQualitySchema, QualitySchema } from './live.ts';
import { LOW_MASTER, lowLatencyRoutes, offersLowLatency } from './low-latency.ts';
import { baseUrl } from './origin.ts';
import { patienceOf } from './patience.ts';
import { sendFile } from './send-file.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { allowOtherSites, checkPath, pathParams, SIGNED_FOLDER, signedFolder } from './signed-paths.ts';
import { renditionOf, viewerOf } from './views.ts';

const folder = `/hls/${SIGNED_FOLDER}`;
const files = `${folder}/:file`;
const MASTER = 'master.m3u8';
const fileParams = Type.Object({
  ...pathParams.properties,
  file: Type.String({ pattern: '^[a-z0-9]{1,16}(_[0-9]{1,20})?\\.(m3u8|m4s|mp4)$' }),
});

/** A playlist names its newest segment for two seconds; an older one makes live stale. */
const PLAYLIST_CACHE = 'public, max-age=1, stale-if-error=10';
/** While no gateway answers an edge goes on for so long with segments, and with the rights without which it gives none. */
const WITHOUT_GATEWAY_S = 60;
/** Names of segments never come twice. */
const SEGMENT_CACHE = `public, max-age=60, stale-if-error=${WITHOUT_GATEWAY_S}, immutable`;
/** Who is revoked is out after a second, or as soon as a gateway answers again. */
const CHECK_CACHE = `public, max-age=1, stale-if-error=${WITHOUT_GATEWAY_S}`;
const STARTING_MS = 15_000;
const LOOK_EVERY_MS = 100;
const TYPES: Record<string, string> = {
  m3u8: 'application/vnd.apple.mpegurl',
  m4s: 'video/iso.segment',
  mp4: 'video/mp4',
};

/** The camera's ladder once it can be played. @throws Refusal when that takes too long */
async function playable({ cells }: HttpServices, camera: Id, withinMs = STARTING_MS): Promise<RenditionContext> {
  const at = { kind: 'rendition' as const, id: camera };
  let view = cells.view(at);
  for (let waitedMs = 0; view && !view.tags.includes('playable'); waitedMs += LOOK_EVERY_MS) {
    if (view.state === 'failed' || waitedMs >= withinMs) {
      throw unavailable('no-ladder', 'HLS of this camera is not ready.', { state: view.state, why: view.why }, 2);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    view = cells.view(at);
  }
  if (!view) throw missing(`camera ${camera}`);
  return renditionOf(view);
}

const OF_LADDER = /^(?:(\d{1,5})p|audio)\.m3u8$/;

/**
 * The playlist with which a player of another one goes on: a source of another size has other rungs, and most players
 * read the master playlist only once. One that is not there while its ladder begins anew is waited for.
 * @returns undefined where it is not the playlist of a rung, or that rung is made
 */
async function playlistInstead(
  services: HttpServices,
  camera: Id,
  file: string,
  withinMs: number,
): Promise<string | undefined> {
  const [named, lines] = OF_LADDER.exec(file) ?? [];
  if (named === undefined || existsSync(path.join(services.hls.folder, camera, file))) return undefined;
  const { rungs } = await playable(services, camera, withinMs);
  const instead = lines === undefined ? undefined : rungInstead(Number(lines), rungs);
  return instead && `${instead.name}.m3u8` !== file ? `${instead.name}.m3u8` : undefined;
}

/** `GET /live/:camera_id/hls`, and the signed addresses that it hands out. */
export function hlsRoutes(server: Server, services: HttpServices, shared: Shared): void {
  const audience: HlsAudience = keepHlsAudience(services, 'hls');
  const lowMaster = lowLatencyRoutes(server, services, shared, audience);
  server.addHook('preClose', async () => audience.close());
  allowOtherSites(server, files, fileParams);

  server.get(
    '/live/:camera_id/hls',
    {
      schema: {
        params: Type.Object({ camera_id: IdSchema }),
        querystring: Type.Object({
          quality: QualitySchema,
          max_quality: MaxQualitySchema,
          latency: LatencySchema,
        }),
        tags: ['watching'],
        response: {
          200: Type.Object({
            session_id: Type.String(),
            hls_url: Type.String({ description: 'a master playlist; the address is the right to watch' }),
            expires_in: Type.Integer({ description: 'seconds; POST …/sessions/:id/renew prolongs it' }),
            quality: Type.String({ description: 'a rung, or "auto": the player chooses, up to max_quality' }),
            latency: Type.Enum(['low', 'usual'], { description: 'low: RFC 8216bis, in one rung' }),
            why: WhySchema,
          }),
        },
      },
    },
    async (request) => {
      const camera = placeOf(request);
      const { max_quality: maxQuality, latency } = request.query;
      const isLow = latency === 'low' && offersLowLatency(services);
      // With low latency there is one rung, and nothing to choose.
      const { quality = (isLow ? maxQuality : undefined) ?? 'auto' } = request.query;
      const wish = { protocol: 'hls' as const, quality, address: request.ip, ...(isLow ? { latency } : {}) };
      const admitted = await admit(services, shared, callerOf(request), camera, wish);
      const { session, expiresInS, placement, view } = admitted;
      const folder = `${baseUrl(request, services.config)}/hls/${signedFolder(services, camera.id, session)}`;
      return {
        session_id: session,
        hls_url: `${folder}/${isLow ? LOW_MASTER : MASTER}${isLow || !maxQuality ? '' : `?max_quality=${maxQuality}`}`,
        expires_in: expiresInS,
        quality: isLow ? viewerOf(view).quality : quality,
        latency: isLow ? ('low' as const) : ('usual' as const),
        why: placement,
      };
    },
  );

  const ofFiles = { params: fileParams, querystring: Type.Object({ max_quality: MaxQualitySchema }) };
  server.get(files, { schema: { ...ofFiles, tags: ['watching'] } }, async (request, reply) => {
    const { camera_id: camera, file } = request.params;
    const session = checkPath(services, request.params, 'hls');
    const made = path.join(services.hls.folder, camera);
    const extension = path.extname(file).slice(1);
    if (extension === 'm3u8') audience.asked(session.id);
    reply.type(TYPES[extension] ?? 'application/octet-stream');
    if (file === LOW_MASTER) return reply.header('cache-control', 'no-store').send(await lowMaster(session));
    if (file === MASTER) {
      const { rungs, source } = await playable(services, camera as Id);
      const { audio = false, fps = 30, bitrate_bps: bitrateBps = 0 } = source ?? {};
      reply.header('cache-control', 'no-store'); // it depends on the session
      const { quality } = viewerOf(session);
      const offered = rungsOffered(rungs, { quality, maxQuality: request.query.max_quality });
      return reply.send(masterPlaylist({ folder: made, rungs: offered, audio, fps, bitrateBps }));
    }
    const instead = await playlistInstead(services, camera as Id, file, patienceOf(request, STARTING_MS));
    if (instead) return reply.header('cache-control', 'no-store').redirect(instead);
    reply.header('cache-control', extension === 'm3u8' ? PLAYLIST_CACHE : SEGMENT_CACHE);
    // A copy in a cache keeps it: by that players notice one that is kept for too long.
    if (extension === 'm3u8') reply.header('x-signalbox-at', String(Date.now()));
    return sendFile(request, reply, path.join(made, file));
  });

  server.get(folder, { schema: { params: pathParams, tags: ['watching'] } }, async (request, reply) => {
    let session: CellView;
    try {
      session = checkPath(services, request.params, 'hls');
    } catch (error) {
      // The edge knows yes and no, nothing else.
      throw error instanceof Refusal ? denied(error.reason, error.more) : error;
    }
    // Behind an edge this is all that is heard of a player.
    audience.asked(session.id);
    return reply.header('cache-control', CHECK_CACHE).code(204).send();
  });
}
