import type { JsonWebKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { type CommonOptions, stateFolder } from './reach.ts';
import { CommandFailed } from './terminal.ts';

/** The public keys whose signatures a command believes: those of `--keys FILE`, else of the data folder on this machine. */
export function trustedKeys(options: CommonOptions & { keys?: string }, env: NodeJS.ProcessEnv): JsonWebKey[] {
  return options.keys === undefined ? ownKeys(stateFolder(options, env)) : keysIn(options.keys);
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
