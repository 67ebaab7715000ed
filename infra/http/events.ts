import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { WebSocket } from 'ws';
import { shape } from '../../bus/shape.ts';
import { callerOf } from './door.ts';
import { Refusal, refusalFor } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';
import type { Shared } from './shared.ts';
import { keepAlive, sendJson } from './socket.ts';
import { lastOnly, type Sink } from './streams.ts';
import type { Wanted } from './wanted.ts';

const List = (pattern: string, description: string) =>
  Type.Optional(Type.String({ pattern: `^${pattern}(,${pattern})*$`, maxLength: 4000, description }));
/** `?types=&cameras=&zones=` of every route that tells events. */
export const wantedQuery = {
  types: List('[a-z]+(\\.[a-z-]+)*(\\.\\*)?', 'for instance camera.live,viewer'),
  cameras: List('[a-z0-9][a-z0-9_-]{0,63}', 'ids'),
  zones: List('[a-z0-9_*/-]{1,200}', 'zones and patterns such as hcm/*'),
};
const querySchema = Type.Object({
  ...wantedQuery,
  after: Type.Optional(
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'last sequence seen' }),
  ),
});
type Query = Type.Static<typeof querySchema>;

const split = (text: string | undefined): string[] => text?.split(',') ?? [];
/** What such a query wants. */
export const wantedIn = (query: Pick<Query, keyof typeof wantedQuery>): Wanted => ({
  types: split(query.types),
  cameras: split(query.cameras),
  zones: split(query.zones),
});

/** Where a subscriber resumes: what its browser remembers wins over the address it first asked with. */
function afterOf(request: FastifyRequest, query: Query): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return query.after;
  if (typeof header !== 'string' || !/^\d{1,15}$/.test(header)) {
    throw new Refusal(400, 'bad-request', 'Last-Event-ID is the sequence of an event: a whole number.');
  }
  return Number(header);
}

const RETRY_MS = 1_000;
const DRAIN_MS = 10_000;
const FIRST_MESSAGE_MS = 5_000;

/** An event as it goes to every subscriber: its text is made once, and its bytes are shared. */
const blockOf = lastOnly((event: object & { sequence: number }) =>
  Buffer.from(`id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`),
);

/** Writes events as a text stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
function sseSink(out: ServerResponse): Sink {
  const write = (text: string | Buffer) => void (out.writable && out.write(text));
  return {
    fact: (event) => write(blockOf(event)),
    // An id without data raises no event, but moves Last-Event-ID past what this person may not see.
    beat: (sequence) => write(`: still here\nid: ${sequence}\n\n`),
    resync: (sequence, reason) =>
      write(`id: ${sequence}\nevent: resync\ndata: ${JSON.stringify({ sequence, reason })}\n\n`),
    end(reason) {
      write(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
      out.end();
      // Who reads slowly still reads this, and where to go on; who does not read at all never will.
      setTimeout(() => out.destroy(), DRAIN_MS).unref();
    },
    backlogBytes: () => out.writableLength,
    async drained() {
      if (!out.writableNeedDrain) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, DRAIN_MS);
        const done = () => {
          clearTimeout(timer);
          out.off('drain', done).off('close', done);
          resolve();
        };
        out.once('drain', done).once('close', done);
      });
    },
  };
}

function socketSink(socket: WebSocket): Sink {
  /** Goes behind whatever waits: whoever is let go of for reading slowly is to know where to go on. */
  const sayLast = (message: object) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };
  return {
    fact: (event) => sendJson(socket, event),
    beat: (sequence) => sendJson(socket, { type: 'beat', sequence }),
    resync: (sequence, reason) => sayLast({ type: 'resync', sequence, reason }),
    end(reason) {
      sayLast({ type: 'end', reason });
      socket.close(1000, reason);
    },
    backlogBytes: () => socket.bufferedAmount,
    async drained() {
      for (let waited = 0; socket.bufferedAmount > 0 && waited < DRAIN_MS; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

const firstMessage = shape(
  'first message',
  Type.Object({
    after: Type.Optional(Type.Union([Type.Null(), Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })])),
  }),
);

/** The same over a WebSocket: the client says `{"after": SEQ}` first. */
function serveSocket(socket: WebSocket, request: FastifyRequest, shared: Shared): void {
  const caller = callerOf(request);
  const wanted = wantedIn(request.query as Query);
  let stop = () => {};
  let begun = false;
  const impatience = setTimeout(() => socket.close(1008, 'say {"after": SEQ} first'), FIRST_MESSAGE_MS);
  keepAlive(socket);
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => {
    clearTimeout(impatience);
    stop();
  });
  socket.on('message', async (data) => {
    if (begun) return;
    begun = true;
    clearTimeout(impatience);
    try {
      const { after } = firstMessage.parse(JSON.parse(data.toString()));
      stop = await shared.streams.open(caller, wanted, after ?? (request.query as Query).after, socketSink(socket));
      if (socket.readyState !== socket.OPEN) stop();
    } catch (error) {
      const refusal = refusalFor(error);
      const reason = refusal?.reason ?? 'bad-request';
      sendJson(socket, { type: 'end', reason, text: refusal?.message ?? 'the first message is {"after": SEQ}' });
      socket.close(refusal && refusal.status >= 500 ? 1013 : 1008, reason);
    }
  });
}

/** `GET /api/v1/events`: every state change that the caller may see, resumable by sequence. */
export function eventRoutes(server: Server, _services: HttpServices, shared: Shared): void {
  server.route({
    method: 'GET',
    url: '/api/v1/events',
    exposeHeadRoute: false, // it would never end
    schema: { tags: ['events'], querystring: querySchema, produces: ['text/event-stream'] },
    async handler(request, reply) {
      const after = afterOf(request, request.query);
      const caller = callerOf(request);
      const out = reply.raw;
      const begin = () => {
        reply.hijack();
        // It ends with its connection: then each event is one write, not three around a chunk's length.
        out.useChunkedEncodingByDefault = false;
        out.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
        });
        out.write(`retry: ${RETRY_MS}\n\n`);
      };
      // The answer begins before the first event, and only if the stream could be opened or needs the client to know.
      const sink = sseSink(out);
      const early: (() => void)[] = [];
      let begun = false;
      const later = (write: () => void) => (begun ? write() : void early.push(write));
      const stop = await shared.streams.open(caller, wantedIn(request.query), after, {
        ...sink,
        fact: (event) => later(() => sink.fact(event)),
        beat: (sequence) => later(() => sink.beat(sequence)),
        resync: (sequence, reason) => later(() => sink.resync(sequence, reason)),
        end: (reason) => later(() => sink.end(reason)),
      });
      begin();
      begun = true;
      for (const write of early) write();
      out.on('close', stop);
    },
    wsHandler: (socket, request) => serveSocket(socket, request, shared),
  });
}
