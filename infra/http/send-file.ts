import { createReadStream, statSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { missing } from './errors.ts';
import { partAsked } from './ranges.ts';

/** Answers with a file, or with the range of it that is asked for. @throws Refusal when it is not there, or has no such range */
export function sendFile(request: FastifyRequest, reply: FastifyReply, file: string): FastifyReply {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw missing('such segment: it is over, or not yet made');
  reply.header('accept-ranges', 'bytes');
  const part = partAsked(request, reply, stat.size);
  if (part) return reply.send(createReadStream(file, { start: part.from, end: part.to - 1 }));
  reply.header('content-length', stat.size);
  return reply.send(stat.size === 0 ? '' : createReadStream(file, { end: stat.size - 1 }));
}
