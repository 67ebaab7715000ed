import net from 'node:net';
import type { RtspOptions } from '../rtsp/connection.ts';
import { failureOf, RtspFailure } from '../rtsp/failure.ts';
import type { MediaTrack } from '../rtsp/sdp.ts';
import { alike } from './stream.ts';
import type { DepartOrder } from './talk.ts';

/** A path that is published, as far as another process has to know it to go on with it. */
export interface Publication {
  /** Without its token. */
  address: string;
  /** Of RTSP. */
  session: string;
  tracks: MediaTrack[];
  /** Of a departure path that somebody is on: what it carries. */
  departed?: { relay: string; rung?: DepartOrder['rung'] };
}

/** Connections that outlive this process, because its parent holds them as well. */
export interface KeptConnections {
  /** Opens one; absent where no parent holds any, undefined where that does not answer just now. @throws RtspFailure */
  dial?: RtspOptions['dial'];
  /** What the next process may go on with. */
  note(socket: net.Socket, publication: Publication): void;
  /** What the process before this one published, as far as nobody has gone on with it yet. */
  left(): Publication[];
  /** Takes over what was published at an address, if with such tracks; what does not fit is ended. */
  take(address: string, tracks: MediaTrack[]): { socket: net.Socket; session: string } | undefined;
}

/** Where no parent holds anything: what a process publishes ends with it. */
export const NOTHING_KEPT: KeptConnections = { note() {}, left: () => [], take: () => undefined };

/** A parent that does not say within as long why nothing came of a connection hangs. */
const PARENT_ANSWERS_MS = 500;
/** A relay gives up on a publisher that is silent for as long. */
const UNCLAIMED_MS = 10_000;

/** An address without its token. */
export const withoutToken = (address: string): string => address.replace(/\?.*$/, '');

type Told =
  | { type: 'left'; id: string; publication: Publication }
  | { type: 'dialled'; id: string }
  | { type: 'failed'; id: string; code?: string }
  | { type: 'that-is-all' };

/** Talks to the parent that started this process; resolves when it has given what the one before left. */
export async function keptConnections(): Promise<KeptConnections> {
  const ids = new WeakMap<net.Socket, string>();
  const dialling = new Map<string, (socket: net.Socket | RtspFailure) => void>();
  const left = new Map<string, { socket: net.Socket; publication: Publication }>();
  let dialled = 0;
  /** The parent hangs, or can't hold more: the next one is opened without it. */
  let alone = false;

  const wish = (message: object) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  };
  /** From now on the parent lets go of it when we do. */
  const own = (id: string, socket: net.Socket) => {
    ids.set(socket, id);
    socket.once('close', () => {
      left.delete(id);
      wish({ type: 'drop', id });
    });
    socket.on('error', () => {}); // whoever uses it hears of it by itself
  };

  const answer = (id: string, given: net.Socket | RtspFailure) => {
    const waiting = dialling.get(id);
    dialling.delete(id);
    if (waiting) waiting(given);
    else if (given instanceof net.Socket) given.destroy(); // it came too late
  };
  await new Promise<void>((resolve) => {
    process.on('message', (told: Told, socket?: net.Socket) => {
      if (told.type === 'that-is-all') return resolve();
      if (told.type === 'failed') {
        alone = told.code === 'EMFILE';
        return answer(told.id, failureOf({ code: told.code } as NodeJS.ErrnoException));
      }
      if (!socket) return;
      own(told.id, socket);
      if (told.type === 'dialled') answer(told.id, socket);
      else left.set(told.id, { socket, publication: told.publication });
    });
  });
  setTimeout(() => {
    for (const { socket } of left.values()) socket.destroy();
    left.clear();
  }, UNCLAIMED_MS).unref();

  return {
    dial(host, port, timeoutMs) {
      if (alone || !process.connected) {
        alone = false;
        return undefined;
      }
      dialled += 1;
      const id = `${process.pid}-${dialled}`;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          alone = true;
          wish({ type: 'drop', id });
          answer(id, new RtspFailure('timeout', 'the launcher, which opens connections, does not answer'));
        }, timeoutMs + PARENT_ANSWERS_MS);
        dialling.set(id, (given) => {
          clearTimeout(timer);
          if (given instanceof RtspFailure) reject(given);
          else resolve(given);
        });
        wish({ type: 'dial', id, host, port, timeout_ms: timeoutMs });
      });
    },
    note(socket, publication) {
      const id = ids.get(socket);
      if (id) wish({ type: 'note', id, publication });
    },
    left: () => [...left.values()].map(({ publication }) => publication),
    take(address, tracks) {
      for (const [id, { socket, publication }] of left) {
        if (publication.address !== withoutToken(address)) continue;
        left.delete(id);
        if (alike(publication.tracks, tracks)) return { socket, session: publication.session };
        socket.destroy();
      }
      return undefined;
    },
  };
}
