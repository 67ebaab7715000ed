import path from 'node:path';
import Type from 'typebox';
import { readPrivate, replaceFile } from '../../adapters/files.ts';
import { shape } from '../../bus/shape.ts';
import { newerThanHere, VERSIONS } from '../../bus/upcast.ts';
import { StateFolderRefused } from './state-folder.ts';

const knowledge = shape(
  'what the release knew that wrote to a data folder',
  Type.Object({ versions: Type.Record(Type.String(), Type.Integer()) }),
);

/**
 * Has a data folder say what its program knows: whose machines are older will not touch it. Call it before anything is
 * read there.
 * @throws StateFolderRefused where a later release has written to it
 */
export function claimForRelease(state: string): void {
  const file = path.join(state, 'release.json');
  const text = readPrivate(file);
  const newer = text === undefined ? [] : newerThanHere(knowledge.parse(JSON.parse(text)).versions);
  if (newer.length > 0) {
    throw new StateFolderRefused(
      `a later release has run on ${state} (${newer.join(', ')}), whose records this one would misread: start that release again, or bring back what was before the upgrade with \`signalbox restore FILE --replace\``,
    );
  }
  replaceFile(file, JSON.stringify({ versions: VERSIONS }));
}
