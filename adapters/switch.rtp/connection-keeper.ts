import type { ChildProcess } from 'node:child_process';
import net from 'node:net';
import Type from 'typebox';
import { type Of, shape } from '../../bus/shape.ts';

/** What a switcher asks of its parent. */
const wish = shape(
  'wish of a switcher',
  Type.Union([
    Type.Object({
      type: Type.Literal('dial'),
      id: Type.String({ maxLength: 64 }),
      host: Type.String({ minLength: 1, maxLength: 255 }),
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
      timeout_ms: Type.Integer({ minimum: 1, maximum: 60_000 }),
    }),
    /** The next process could go on with it: what it has to know for that. */
    Type.Object({ type: Type.Literal('note'), id: Type.String(), publication: Type.Object({}) }),
    Type.Object({ type: Type.Literal('drop'), id: Type.String() }),
  ]),
);

type Wish = Of<typeof wish>;

/** Holds the connections on which a switcher publishes, so that they outlive its process, and viewers with them. */
export interface ConnectionKeeper {
  /** Serves a process that was just started with an IPC channel: gives it what the one before it left. */
  serve(child: ChildProcess): void;
  /** Lets go of them all: there is no next one. */
  close(): void;
}

interface Held {
  socket: net.Socket;
  owner: ChildProcess;
  publication?: object;
}

/** Whoever hears nothing more has ended; what becomes of what it had is seen to as its channel closes. */
const ignore = () => {};

/** Makes the parent's side: it opens what the switcher wants, hands it over, keeps it open, and reads nothing of it. */
export function keepConnections(): ConnectionKeeper {
  const held = new Map<string, Held>();
  let present: ChildProcess | undefined;

  const drop = (id: string) => {
    held.get(id)?.socket.destroy();
    held.delete(id);
  };
  const give = (child: ChildProcess, message: object, socket: net.Socket) => {
    if (child.connected) child.send(message, socket, { keepOpen: true }, ignore);
  };
  const dial = (child: ChildProcess, { id, host, port, timeout_ms }: Extract<Wish, { type: 'dial' }>) => {
    const socket = new net.Socket();
    // Paused before it is open, it is never read here: what the relay says is for the switcher.
    socket.pause();
    held.set(id, { socket, owner: child });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (child.connected) child.send({ type: 'failed', id, code }, ignore);
      drop(id);
    });
    socket.setTimeout(timeout_ms, () =>
      socket.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
    );
    socket.connect({ host, port, noDelay: true }, () => {
      socket.setTimeout(0);
      give(child, { type: 'dialled', id }, socket);
    });
  };

  return {
    serve(child) {
      present = child;
      child.on('message', (message) => {
        if (!wish.check(message)) return;
        if (message.type === 'dial') return dial(child, message);
        if (message.type === 'drop') return drop(message.id);
        const one = held.get(message.id);
        if (one) one.publication = message.publication;
      });
      // Everything that it had to say is heard by then.
      child.once('disconnect', () => {
        for (const [id, { owner, publication }] of held)
          if (owner === child && (!publication || present !== child)) drop(id);
      });
      for (const [id, one] of held) {
        if (!one.publication) continue;
        one.owner = child;
        give(child, { type: 'left', id, publication: one.publication }, one.socket);
      }
      if (child.connected) child.send({ type: 'that-is-all' }, ignore);
    },
    close() {
      for (const id of held.keys()) drop(id);
    },
  };
}
