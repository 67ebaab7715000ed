import { createReadStream, statSync } from 'node:fs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { missing } from './errors.ts';

/** One range of bytes, as players of fragmented MP4 ask for it; the whole file for anything else. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined | 'none' {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!asked || (asked[1] === '' && asked[2] === '')) return undefined;
  const [first, last] = [asked[1] ?? '', asked[2] ?? ''];
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? 'none' : { start, end };
}

/** Answers with a file, or with the range of it that is asked for. @throws Refusal when it is not there */
export function sendFile(request: FastifyRequest, reply: FastifyReply, file: string): FastifyReply {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw missing('such segment: it is over, or not yet made');
  const range = rangeOf(request.headers.range, stat.size);
  reply.header('accept-ranges', 'bytes');
  if (range === 'none') {
    return reply.code(416).header('content-range', `bytes */${stat.size}`).send();
  }
  const { start, end } = range ?? { start: 0, end: stat.size - 1 };
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${stat.size}`);
  reply.header('content-length', Math.max(0, end - start + 1));
  return reply.send(stat.size === 0 ? '' : createReadStream(file, { start, end }));
}
