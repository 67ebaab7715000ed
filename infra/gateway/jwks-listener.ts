import http from 'node:http';

/**
 * Serves the keys that sign relay tokens to the relays of this machine: a listener of its own on loopback, so that the
 * relays need no way through the public one.
 */
export async function listenForJwks(port: number, keys: () => object): Promise<{ close(): void }> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/jwks.json') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(keys()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
