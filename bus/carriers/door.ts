import { createHmac } from 'node:crypto';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import type { Way } from './link.ts';

/**
 * A door lets gateways of other hosts come to the Unix sockets of this one. TLS with a pre-shared key (RFC 4279, 5489)
 * proves both ends to each other and encrypts what they say; nobody needs a certificate.
 */
const CIPHERS = 'ECDHE-PSK-CHACHA20-POLY1305';
const IDENTITY = 'signalbox';
const BEAT_MS = 500;
const OPEN_WITHIN_MS = 5_000;
/** Names of sockets, and nothing that leads out of their folder. */
const NAME = /^[a-z0-9][a-z0-9-]{0,40}\.sock$/;
const LONGEST_LINE = 64;

const pskOf = (secret: string): Buffer => createHmac('sha256', secret).update('signalbox door').digest();

/** Where a door is. */
export interface DoorPlace {
  address: string;
  port: number;
}

/**
 * Opens the door to a folder of sockets.
 * @param secret what all hosts have
 */
export async function serveDoor(place: DoorPlace, folder: string, secret: string): Promise<{ close(): void }> {
  const psk = pskOf(secret);
  const sockets = new Set<net.Socket>();
  const server = tls.createServer(
    {
      ciphers: CIPHERS,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      handshakeTimeout: OPEN_WITHIN_MS,
      pskCallback: (_socket, identity) => (identity === IDENTITY ? psk : null),
    },
    (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      admit(socket, folder);
    },
  );
  server.on('tlsClientError', () => {}); // somebody without the key
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: place.address, port: place.port, exclusive: true }, resolve);
  });
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Reads which socket is wanted, and joins the two. */
function admit(socket: net.Socket, folder: string): void {
  let said = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => {}); // 'close' follows
  const hear = (chunk: Buffer): void => {
    said = Buffer.concat([said, chunk]);
    const end = said.indexOf(0x0a);
    if (end < 0 && said.length <= LONGEST_LINE) return;
    socket.off('data', hear).pause();
    const name = said.toString('latin1', 0, Math.max(0, end));
    if (!NAME.test(name)) return void socket.destroy();
    const inside = net.connect(path.join(folder, name));
    inside.on('error', () => {});
    inside.on('close', () => socket.destroy());
    socket.on('close', () => inside.destroy());
    inside.write(said.subarray(end + 1));
    socket.pipe(inside).pipe(socket);
  };
  socket.on('data', hear);
}

/** The way through a door to one socket behind it. */
export function throughDoor({ address, port }: DoorPlace, name: string, secret: string): Way {
  const psk = pskOf(secret);
  return {
    ready: 'secureConnect',
    beatMs: BEAT_MS,
    open() {
      const socket = tls.connect({
        host: address,
        port,
        ciphers: CIPHERS,
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
        pskCallback: () => ({ psk, identity: IDENTITY }),
        // Both have proved that they know the key; there is no certificate with a name.
        checkServerIdentity: () => undefined,
      });
      socket.setNoDelay(true);
      socket.write(`${name}\n`); // goes first, once both have proved themselves
      return socket;
    },
  };
}
