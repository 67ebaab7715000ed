import http from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Id } from '../../bus/identity.ts';
import { unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import { LOW_MASTER } from './low-latency.ts';
import { patienceOf } from './patience.ts';
import type { HttpServices } from './services.ts';
import { SIGNED_FOLDER } from './signed-paths.ts';

/** Routes that answer with files, and the cell whose gateway has them on its machine. */
const LIE_WITH: Record<string, 'rendition' | 'recording'> = {
  [`/hls/${SIGNED_FOLDER}/:file`]: 'rendition',
  [`/recordings/${SIGNED_FOLDER}/:file`]: 'recording',
  '/api/v1/recordings/:camera_id': 'recording',
};
/** Says that a gateway has asked: it is answered with what there is. */
const FORWARDED = 'x-signalbox-forwarded';
const PASSED_ON = ['authorization', 'cookie', 'range', 'host', 'prefer'];
const KEPT = [
  'content-type',
  'content-length',
  'content-range',
  'accept-ranges',
  'location',
  'cache-control',
  'retry-after',
  'x-signalbox-at',
  'x-signalbox-earliest',
];
const ANSWERS_WITHIN_MS = 10_000;
/** The way there and back, beside what the other gateway may wait. */
const ON_THE_WAY_MS = 1_000;

/** Answers with what the gateway of another host answers, where the files lie there. */
export function forwardFiles(server: Server, services: HttpServices): void {
  server.addHook('preHandler', async (request, reply) => {
    const kind = LIE_WITH[request.routeOptions.url ?? ''];
    if (!kind || request.headers[FORWARDED]) return undefined;
    const { camera_id: camera, file } = request.params as { camera_id: Id; file?: string };
    // Low latency is made by relays, which every gateway asks itself.
    if (file === LOW_MASTER) return undefined;
    const agent = services.elsewhere?.({ kind, id: camera });
    return agent && forward(request, reply, agent);
  });
}

async function forward(request: FastifyRequest, reply: FastifyReply, agent: http.Agent): Promise<FastifyReply> {
  const passed = PASSED_ON.flatMap((name) => (request.headers[name] ? [[name, String(request.headers[name])]] : []));
  const headers = { ...Object.fromEntries(passed), [FORWARDED]: '1' };
  const { method } = request;
  const timeout = Math.min(ANSWERS_WITHIN_MS, patienceOf(request, ANSWERS_WITHIN_MS) + ON_THE_WAY_MS);
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const asked = http.request({ agent, method, path: request.url, headers, timeout }, resolve);
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeout} ms`)));
    asked.on('error', reject);
    asked.end();
  }).catch((error: Error) => {
    request.log.warn({ err: error }, 'the host that has these files does not answer');
    throw unavailable('host-away', 'The machine that has this does not answer now.', {}, 2);
  });
  for (const name of KEPT) if (answer.headers[name] !== undefined) reply.header(name, answer.headers[name]);
  return reply.code(answer.statusCode ?? 502).send(answer);
}
