import { readdirSync, writeFileSync } from 'node:fs';
import { inspect, parseArgs } from 'node:util';
import { type Bench, type BenchTable, printTable } from './table.ts';

/** `npm run bench -- NAME … [--json FILE] [--seconds N | --minutes N] [--pairs N] [--cameras N] [--viewers N]`: runs benchmarks and prints their tables. */

const HELPERS = new Set(['run', 'table']);
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) => !HELPERS.has(name));

const usage = `npm run bench -- NAME … [--json FILE] [--seconds N | --minutes N] [--pairs N] [--cameras N] [--viewers N]\nNAME is one of: ${known.join(', ')}, or all`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      pairs: { type: 'string' },
      cameras: { type: 'string' },
      viewers: { type: 'string' },
    },
  });
  const names = positionals.includes('all') ? known : positionals;
  const unknown = names.find((name) => !known.includes(name));
  if (!names.length || unknown) {
    process.stderr.write(`${unknown ? `there is no benchmark "${unknown}"\n` : ''}${usage}\n`);
    return 2;
  }
  const options = {
    ...(values.seconds ? { seconds: Number(values.seconds) } : {}),
    ...(values.minutes ? { seconds: Number(values.minutes) * 60 } : {}),
    ...(values.pairs ? { pairs: Number(values.pairs) } : {}),
    ...(values.cameras ? { cameras: Number(values.cameras) } : {}),
    ...(values.viewers ? { viewers: Number(values.viewers) } : {}),
    say: (text: string) => void process.stderr.write(`${text}\n`),
  };
  const tables: BenchTable[] = [];
  for (const name of names) {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
    const table = await bench(options);
    tables.push(table);
    process.stdout.write(`${printTable(table)}\n`);
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(tables, undefined, 2)}\n`);
  return 0;
}

// Ended by a key, it tidies up as at its end.
process.once('SIGINT', () => process.exit(130));

process.exit(
  await main().catch((error: Error) => {
    process.stderr.write(`${inspect(error)}\n`);
    return 1;
  }),
);
