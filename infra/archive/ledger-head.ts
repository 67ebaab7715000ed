import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Type from 'typebox';
import { replaceFile } from '../../adapters/files.ts';
import { headOf, type LedgerHead } from '../../bus/ledger.ts';
import { shape } from '../../bus/shape.ts';

const head = shape(
  'head of the ledger',
  Type.Object({ n: Type.Integer(), hash: Type.String(), key: Type.Optional(Type.String()) }),
);
const fileIn = (state: string) => path.join(state, 'ledger-head.json');

const EVERY_MS = 1_000;

/**
 * Remembers the last entry of the ledger apart from the store, so that entries removed at its end are missed. It goes
 * to the disk once a second at most: writing through takes milliseconds in which nothing else happens.
 */
export function ledgerHeadFile(state: string): { remember(head: LedgerHead): void; close(): void } {
  let latest: LedgerHead | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    timer = undefined;
    if (latest) replaceFile(fileIn(state), JSON.stringify(latest));
    latest = undefined;
  };
  return {
    remember(written) {
      latest = headOf(written);
      timer ??= setTimeout(write, EVERY_MS);
    },
    close() {
      clearTimeout(timer);
      write();
    },
  };
}

/** The last entry that a gateway on this data folder has written; undefined when none has. */
export function readLedgerHead(state: string): LedgerHead | undefined {
  const file = fileIn(state);
  return existsSync(file) ? head.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}
