import type { JsonWebKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { type Finding, verifyPackage } from '../package/verify.ts';
import { type CommonOptions, stateFolder } from './reach.ts';
import { CommandFailed, printable, type Terminal } from './terminal.ts';

interface VerifyOptions extends CommonOptions {
  keys?: string;
  anySigner?: boolean;
}

/** `signalbox verify`: whether a package of video and log was altered, and whose signature it bears. */
export function verifyCommand(command: Command, out: Terminal): void {
  command
    .description('say whether a package of video and log was altered since it was exported, and by whom it was signed')
    .argument('<file>', 'what `signalbox export --video` wrote')
    .option('--keys <FILE>', 'the public keys to trust, as /.well-known/jwks.json of the installation offers them')
    .option('--any-signer', 'do not fail when the signer is unknown: proves only that nothing was damaged')
    .action(async (file: string, options: VerifyOptions) => {
      const keys = options.keys === undefined ? ownKeys(stateFolder(options, out.env)) : keysIn(options.keys);
      const finding = await verifyPackage(file, keys).catch((error: NodeJS.ErrnoException) => {
        if (error.code) throw new CommandFailed(`${file} can't be read (${error.code})`);
        throw error;
      });
      const { verdict, signature, faults, manifest } = finding;
      if (options.json) out.printJson({ file, verdict, signature, faults, manifest: manifest ?? null });
      else tell(out, finding);
      if (verdict !== 'unaltered') throw new CommandFailed(`${file} is ${verdict}: ${printable(faults.join('; '))}`);
      if (signature !== 'known' && !options.anySigner) {
        throw new CommandFailed(
          `${file} is unaltered since it was signed, but the signature is unknown: compare its key ${printable(manifest?.key.kid)} with the installation's, or name that one's keys with --keys FILE`,
        );
      }
    });
}

function tell(out: Terminal, { verdict, signature, manifest }: Finding): void {
  if (!manifest) return;
  const { from, to, cameras, made_by: by, made_at: at, key, issuer, parts, gaps } = manifest;
  const time = (ms: number) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms));
  out.print(`says: ${printable(cameras.join(', '))} from ${time(from)} to ${time(to)}`);
  out.print(`      made by ${printable(by)} at ${time(at)}, ${parts.length} parts, ${gaps.length} gaps`);
  if (verdict !== 'unaltered') return;
  const signer = `${printable(issuer)}, key ${printable(key.kid)}`;
  if (signature === 'known') out.print(`unaltered, signed by ${signer}`);
  else out.print(`unaltered, but signature unknown: it says ${signer}`);
}

/** Those of the data folder on this machine, when there is one. */
function ownKeys(state: string): JsonWebKey[] {
  const folder = path.join(state, 'keys');
  if (!existsSync(folder)) return [];
  try {
    return openSigningKeys(folder).map(({ jwk }) => jwk);
  } catch (error) {
    throw new CommandFailed(`${(error as Error).message}; or name public keys with --keys FILE`);
  }
}

function keysIn(file: string): JsonWebKey[] {
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys: JsonWebKey[] };
    if (Array.isArray(keys)) return keys;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code) throw new CommandFailed(`--keys ${file}: can't be read (${code})`);
  }
  throw new CommandFailed(`--keys ${file}: expected {"keys": [...]}, as /.well-known/jwks.json answers`);
}
