import type { JsonWebKey } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import Type from 'typebox';
import { isId } from '../../bus/identity.ts';
import type { LedgerEntry } from '../../bus/ledger.ts';
import { type Proof, proveLedger } from '../../bus/ledger-proof.ts';
import { shape } from '../../bus/shape.ts';
import { readLedgerHead } from '../archive/ledger-head.ts';
import { signersAmong } from '../archive/ledger-signers.ts';
import { textLines } from '../archive/text-lines.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, type Reach, reach, stateFolder } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';
import { trustedKeys } from './trusted-keys.ts';

interface ListOptions extends CommonOptions {
  camera?: string;
  sub?: string;
  since?: string;
}
interface VerifyOptions extends CommonOptions {
  file?: string;
  keys?: string;
  anySigner?: boolean;
}

const page = shape(
  'page of the ledger',
  Type.Object({
    items: Type.Array(Type.Unknown()),
    next: Type.Union([Type.Integer(), Type.Null()]),
  }),
);

const keySet = shape('key set', Type.Object({ keys: Type.Array(Type.Object({ kid: Type.String() })) }));

/** The entries of a gateway's ledger. */
async function* entriesOf(out: Terminal, to: Reach, filter: Record<string, string> = {}): AsyncGenerator<unknown> {
  for (let after: number | null = 0; after !== null; ) {
    const query = new URLSearchParams({ ...filter, after: String(after), limit: '5000' });
    const { items, next } = page.parse(await request(out, to, 'GET', `/api/v1/ledger?${query}`));
    yield* items;
    after = next;
  }
}

/** `signalbox ledger list`: who watched which camera. With `--json` a line an entry, which `verify --file` proves. */
export function ledgerListCommand(command: Command, out: Terminal): void {
  command
    .description(
      'print who watched which camera, from where, under which token, from when until when; and who made or revoked tokens of programs',
    )
    .option('--camera <ID>', 'only of this camera')
    .option('--sub <NAME>', 'only of this person')
    .option('--since <T>', 'a time back (7d) or a moment (2026-01-31)')
    .action(async (options: ListOptions) => {
      const { camera, sub, since } = options;
      if (camera !== undefined && !isId(camera)) throw misused(`--camera ${camera}: expected an id such as cam_001`);
      const from = since === undefined ? 0 : momentOf(since, Date.now())?.at;
      if (from === undefined) throw misused(`--since ${since}: expected a time back such as 7d, or a moment`);
      const filter = { ...(camera ? { camera } : {}), ...(sub ? { subject: sub } : {}) };
      const shown: LedgerEntry[] = [];
      for await (const one of entriesOf(out, reach(options, out), filter)) {
        const entry = one as LedgerEntry;
        if (entry.at < from) continue;
        if (options.json) out.print(JSON.stringify(entry));
        else shown.push(entry);
      }
      if (!options.json) out.print(tableOf(out, shown));
    });
}

const timeOf = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString().slice(0, 19));

function aboutOf({ reason = '', up_to: upTo, service }: LedgerEntry): string {
  if (service) return `${service.id}: ${service.name}, ${service.role}`;
  return upTo ? `up to ${upTo.n}` : reason;
}

function tableOf(out: Terminal, entries: LedgerEntry[]): string {
  return table(
    entries,
    [
      { heading: 'n', right: true, cell: ({ n }) => String(n) },
      { heading: 'when', cell: ({ at }) => timeOf(at) },
      { heading: 'what', cell: ({ what }) => what },
      { heading: 'camera', cell: ({ camera = '' }) => camera },
      { heading: 'who', cell: ({ subject = '', name }) => (name ? `${name} (${subject})` : subject) },
      { heading: 'from where', cell: ({ address = '' }) => address },
      { heading: 'token', cell: ({ token = '' }) => token },
      { heading: 'since', cell: ({ from }) => timeOf(from) },
      { heading: 'why', cell: aboutOf },
    ],
    out.columns,
  );
}

/** `signalbox ledger verify`: proves that no entry was altered, removed or put elsewhere. */
export function ledgerVerifyCommand(command: Command, out: Terminal): void {
  command
    .description('prove that no entry of the access ledger was altered, removed or reordered')
    .option('--file <F>', 'entries that `ledger list --json` has printed, instead of those of the running group')
    .option('--keys <FILE>', 'the public keys to trust, as /.well-known/jwks.json of the installation offers them')
    .option('--any-signer', 'do not fail when the signer is unknown: anybody may have written such a ledger')
    .action(async (options: VerifyOptions) => {
      const signerOf = signersAmong(await keysFor(options, out));
      const proof = await (options.file === undefined
        ? proveLedger(entriesOf(out, reach(options, out)), { signerOf, expected: rememberedBy(options, out) })
        : proveLedger(entriesIn(options.file), { signerOf }));
      if (options.json) out.printJson({ ...proof, fault: proof.fault ?? null });
      if (proof.fault) throw new CommandFailed(`the ledger is not as it was written: ${proof.fault}`);
      if (!options.json) tell(out, proof);
      if (options.anySigner) return;
      if (proof.signer === 'unknown') {
        throw new CommandFailed(
          `the entries fit each other, but their signature is unknown: name the keys of the installation (its /.well-known/jwks.json) with --keys FILE`,
        );
      }
      if (proof.signer === 'none' && options.keys !== undefined && proof.head) {
        throw new CommandFailed(
          'the entries fit each other, but none is signed: the keys that were named prove nothing',
        );
      }
    });
}

/** A gateway elsewhere names its keys itself: who can write to the store can't speak in its place. */
async function keysFor(options: VerifyOptions, out: Terminal): Promise<JsonWebKey[]> {
  if (options.url === undefined || options.file !== undefined || options.keys !== undefined) {
    return trustedKeys(options, out.env);
  }
  return keySet.parse(await request(out, reach(options, out), 'GET', '/.well-known/jwks.json')).keys;
}

/** A gateway on this machine has left word of its last entry beside its data, which the store can't change. */
const rememberedBy = (options: VerifyOptions, out: Terminal) =>
  options.url === undefined ? readLedgerHead(stateFolder(options, out.env)) : undefined;

const SIGNERS: Record<Proof['signer'], string> = {
  known: ', signed by this installation',
  unknown: '',
  none: ', unsigned, as earlier releases wrote them',
};

function tell(out: Terminal, { entries, first, head, signer }: Proof): void {
  if (!head) {
    out.print('the ledger is empty');
    return;
  }
  const since = first === 1 ? '' : `, from ${first} on; older ones were forgotten by retention`;
  out.print(`${entries} entries are as they were written${SIGNERS[signer]}${since}`);
  out.print(`head ${head.n} ${head.hash}`);
}

async function* entriesIn(file: string): AsyncGenerator<unknown> {
  try {
    for await (const text of textLines(createReadStream(file))) yield parsedOr(text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailed(`${file} can't be read (${code})`);
  }
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
