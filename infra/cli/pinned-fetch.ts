import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandFailed } from './terminal.ts';

/**
 * `fetch` towards the gateway of this machine: it must show the very certificate that stands in its file, whoever
 * signed it and whatever name it is made out to. Nothing else is believed.
 * @throws CommandFailed when the file can't be read
 */
export async function pinnedFetch(certFile: string): Promise<typeof fetch> {
  let ca: string;
  try {
    ca = readFileSync(certFile, 'utf8');
  } catch (error) {
    throw new CommandFailed(
      `${certFile} can't be read (${(error as NodeJS.ErrnoException).code}): run this as the user that runs Signalbox`,
    );
  }
  const { fingerprint256 } = new X509Certificate(ca);
  // Only here, as it takes a while to load, and the built-in one can't be told what to believe.
  const { Agent, fetch: ask } = await import('undici');
  const connect = {
    ca,
    allowPartialTrustChain: true,
    checkServerIdentity: (_host: string, shown: { fingerprint256: string }) =>
      shown.fingerprint256 === fingerprint256 ? undefined : new Error('the certificate is not the one in its file'),
  };
  const dispatcher = new Agent({ connect });
  return ((url: string, init: object) => ask(url, { ...init, dispatcher })) as unknown as typeof fetch;
}
