import http from 'node:http';

const TAKE_OVER_EVERY_MS = 200;

/**
 * Serves the keys that sign relay tokens to the relays of this machine: a listener of its own on loopback, so that the
 * relays need no way through the public one.
 * @param shared several gateways are to serve the same keys here: one does, and another takes over when it ends
 */
export async function listenForJwks(port: number, keys: () => object, shared: boolean): Promise<{ close(): void }> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/jwks.json') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(keys()));
  });
  let again: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    const listen = () => server.listen(port, '127.0.0.1');
    server.on('listening', resolve);
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (!shared || error.code !== 'EADDRINUSE') return reject(error);
      again = setTimeout(listen, TAKE_OVER_EVERY_MS);
      resolve();
    });
    listen();
  });
  return {
    close() {
      clearTimeout(again);
      server.close();
      server.closeAllConnections();
    },
  };
}
