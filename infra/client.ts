import path from 'node:path';
import { parseArgs } from 'node:util';
import { packClient } from './client/pack.ts';
import type { AsyncApi, OpenApi } from './client/schemas.ts';

// Makes the typed client package of a gateway that runs: npm run client -- [--url URL] [--out FOLDER]
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    out: { type: 'string', default: path.resolve(import.meta.dirname, '../.build/client') },
  },
});

async function documentAt<Document>(name: string): Promise<Document> {
  const address = `${values.url.replace(/\/+$/, '')}/${name}`;
  const response = await fetch(address).catch((error) => {
    throw new Error(
      `${address} does not answer (${error.cause?.code ?? error.message}): start the gateway, or say --url`,
    );
  });
  if (!response.ok) throw new Error(`${address} answered ${response.status}: is this the address of a Signalbox?`);
  return response.json() as Promise<Document>;
}

try {
  const [openapi, asyncapi] = await Promise.all([
    documentAt<OpenApi>('openapi.json'),
    documentAt<AsyncApi>('asyncapi.json'),
  ]);
  console.log(await packClient(openapi, asyncapi, values.out));
} catch (error) {
  console.error(`client: ${(error as Error).message}`);
  process.exitCode = 1;
}
