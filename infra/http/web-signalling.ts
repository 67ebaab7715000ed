import type { FastifyReply, FastifyRequest } from 'fastify';

/** What WHEP and WHIP carry: an offer or answer, and candidates. */
export const SDP = 'application/sdp';
export const FRAGMENT = 'application/trickle-ice-sdpfrag';

/** Players and publishers live on pages of other sites. They send a bearer token, so nothing of ours is given away by CORS. */
export function allowOtherPages(reply: FastifyReply): void {
  reply.header('access-control-allow-origin', '*');
  reply.header('access-control-expose-headers', 'ETag, ID, Accept-Patch, Link, Location, Retry-After');
}

/** What a page of another site may do here. */
export function answerPreflight(reply: FastifyReply): void {
  allowOtherPages(reply);
  reply.header('access-control-allow-methods', 'OPTIONS, POST, PATCH, DELETE');
  reply.header('access-control-allow-headers', 'Authorization, Content-Type, If-Match');
  reply.header('access-control-max-age', '600');
  reply.header('accept-post', SDP);
  reply.code(204);
}

/** Whether a request says that its body is of a type. */
export const isOfType = (request: FastifyRequest, type: string): boolean =>
  request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === type;
