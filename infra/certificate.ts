import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type https from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { CertificateFiles } from './config/model.ts';

/** A certificate with those in between, and its key; PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** Reads a certificate. @throws Error saying which file is wrong: not there, not PEM, or the key of another certificate */
export function readCertificate({ certFile, keyFile }: CertificateFiles): Certificate {
  const read = (setting: string, file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new Error(`http.tls.${setting}: ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
    }
  };
  const certificate = { cert: read('cert', certFile), key: read('key', keyFile) };
  try {
    createSecureContext(certificate);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = /KEY_VALUES_MISMATCH/.test(code) ? `the key in ${keyFile} is that of another certificate` : message;
    throw new Error(`http.tls: ${certFile} and ${keyFile} can't be used: ${why}`);
  }
  return certificate;
}

/** Links that a renewal turns tell no watcher, so the files are asked; certificates are renewed weeks before their end. */
const ASK_EVERY_MS = 2_000;

/**
 * Has a server go over to a certificate when it is renewed: connections that stand go on, new ones get the new one.
 * While only one of two files is there, or anything is wrong with them, the old one stays.
 */
export function followCertificate(
  server: Pick<https.Server, 'setSecureContext'>,
  files: CertificateFiles,
  log: Pick<Logger, 'info' | 'error'>,
): { close(): void } {
  let present = readCertificate(files);
  const look = () => {
    try {
      const next = readCertificate(files);
      if (next.cert === present.cert && next.key === present.key) return;
      server.setSecureContext(next);
      present = next;
      log.info({ file: files.certFile }, 'the renewed certificate is in use');
    } catch (err) {
      log.error({ err }, 'the renewed certificate is not used; the old one stays');
    }
  };
  const names = [files.certFile, files.keyFile];
  for (const name of names) watchFile(name, { interval: ASK_EVERY_MS, persistent: false }, look);
  return {
    close() {
      for (const name of names) unwatchFile(name, look);
    },
  };
}
