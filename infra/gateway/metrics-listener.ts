import http from 'node:http';
import type { Listener } from '../config/model.ts';

/** What a scrape answers. */
export interface Scraped {
  status: number;
  type: string;
  text: string;
}

/**
 * Serves `GET /metrics` without a token on a listener of its own, for a Prometheus that holds none.
 * @throws Error naming the setting when the port is taken
 */
export async function listenForMetrics(at: Listener, scrape: () => Promise<Scraped>): Promise<{ close(): void }> {
  const server = http.createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    try {
      const { status, type, text } = await scrape();
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  });
  server.requestTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`metrics.listen: port ${at.port} on ${at.host} can't be listened on (${error.code}): move it`)),
    );
    server.listen(at.port, at.host, resolve);
  });
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
