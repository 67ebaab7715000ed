import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from './errors.ts';

/** Something that can be given out whole or in part. */
export interface Ranged {
  /** Equal only for the same bytes; without quotation marks. */
  tag: string;
  /** How many bytes there are; asked for only when a part is. */
  length(): Promise<number>;
  whole(): Buffer | Readable;
  /** @param to the first byte that is not wanted */
  part(from: number, to: number): Buffer | Promise<Buffer> | Readable;
}

/** The part that a `Range` header asks for; undefined where all of it is to be sent (RFC 9110, 14.2). */
export function rangeIn(header: string | undefined, length: number): { from: number; to: number } | undefined {
  // Several ranges at once may be answered with the whole, and are.
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(' ', '') ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? length : Math.min(length, Number(last) + 1);
  if (from < to) return { from, to };
  throw new Refusal(416, 'range', `There are ${length} bytes, and none of those that were asked for.`);
}

/** The part that a request asks for; the answer says then that it is one. @throws Refusal with 416, and tells how many bytes there are */
export function partAsked(request: FastifyRequest, reply: FastifyReply, length: number): ReturnType<typeof rangeIn> {
  try {
    const part = rangeIn(request.headers.range, length);
    if (part) {
      const { from, to } = part;
      reply
        .code(206)
        .header('content-range', `bytes ${from}-${to - 1}/${length}`)
        .header('content-length', to - from);
    }
    return part;
  } catch (error) {
    reply.header('content-range', `bytes */${length}`);
    throw error;
  }
}

/** Answers with the whole of something, or with the part of it that is asked for. @throws Refusal with 416 where there is none */
export async function sendRanged(request: FastifyRequest, reply: FastifyReply, given: Ranged): Promise<FastifyReply> {
  const tag = `"${given.tag}"`;
  reply.header('accept-ranges', 'bytes').header('etag', tag);
  if (request.method === 'HEAD') {
    return reply.header('content-length', await given.length()).send(Readable.from([]));
  }
  const { range, 'if-range': unless } = request.headers;
  // What somebody has the beginning of may be another by now; times say nothing of these.
  if (range === undefined || (unless !== undefined && unless !== tag)) {
    return reply.send(given.whole());
  }
  const wanted = partAsked(request, reply, await given.length());
  return reply.send(wanted ? await given.part(wanted.from, wanted.to) : given.whole());
}

/** Bytes that are there. */
export const rangedBuffer = (tag: string, bytes: Buffer): Ranged => ({
  tag,
  length: async () => bytes.length,
  whole: () => bytes,
  part: (from, to) => bytes.subarray(from, to),
});

/** A part of something long. */
export interface Chunk {
  length(): Promise<number>;
  bytes(): Promise<Buffer>;
}

/** The bytes of chunks that lie one behind the other; those before the part are not read. */
async function* bytesWithin(chunks: readonly Chunk[], from = 0, to = Number.POSITIVE_INFINITY) {
  let at = 0;
  for (const chunk of chunks) {
    if (at >= to) return;
    const length = from === 0 && to === Number.POSITIVE_INFINITY ? 0 : await chunk.length();
    if (from > 0 && at + length <= from) {
      at += length;
      continue;
    }
    const bytes = await chunk.bytes();
    yield bytes.subarray(Math.max(0, from - at), Math.min(bytes.length, to - at));
    at += bytes.length;
  }
}

/** Something long, which is read as it is sent. */
export const rangedChunks = (tag: string, chunks: readonly Chunk[]): Ranged => {
  const stream = (from?: number, to?: number) => Readable.from(bytesWithin(chunks, from, to), { objectMode: false });
  return {
    tag,
    async length() {
      let length = 0;
      for (const chunk of chunks) length += await chunk.length();
      return length;
    },
    whole: () => stream(),
    part: stream,
  };
};
