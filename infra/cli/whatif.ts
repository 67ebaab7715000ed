import type { Command } from 'commander';
import Type from 'typebox';
import { isId } from '../../bus/identity.ts';
import { shape } from '../../bus/shape.ts';
import { spanText } from '../config/durations.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import { misused, type Terminal } from './terminal.ts';

interface WhatIfOptions extends CommonOptions {
  lose: string;
  at?: string;
}

const answer = shape(
  'what-if answer',
  Type.Object({
    at: Type.Number(),
    steps: Type.Array(
      Type.Object({
        at_ms: Type.Number(),
        kind: Type.String(),
        id: Type.String(),
        from: Type.String(),
        to: Type.String(),
        why: Type.Object({ text: Type.String() }),
      }),
    ),
    moved: Type.Integer(),
    stranded: Type.Integer(),
    dark: Type.Array(Type.Object({ camera: Type.String(), for_ms: Type.Union([Type.Number(), Type.Null()]) })),
    simulated_ms: Type.Number(),
    note: Type.Optional(Type.String()),
    gateway: Type.Optional(
      Type.Object({
        heirs: Type.Array(Type.Object({ gateway: Type.String(), cells: Type.Record(Type.String(), Type.Integer()) })),
        pause_ms: Type.Union([Type.Object({ shortest: Type.Number(), longest: Type.Number() }), Type.Null()]),
        goes_on: Type.Array(Type.String()),
        pauses: Type.Array(Type.String()),
        gone: Type.Array(Type.String()),
      }),
    ),
  }),
);

/** `signalbox whatif`: what would follow from a loss, without touching anything. */
export function whatIfCommand(command: Command, out: Terminal): void {
  command
    .description('tell what would follow from a loss: who would move where, what would go dark, for how long')
    .requiredOption('--lose <WHAT>', 'a relay (relay-2), region:NAME, source:CAMERA/SOURCE, gateway or gateway:NAME')
    .option('--at <T>', 'a moment of the past (2h, 2026-01-31T03:12); default now')
    .action(async (options: WhatIfOptions) => {
      const lose = lossIn(options.lose);
      const at = options.at === undefined ? undefined : momentOf(options.at, Date.now())?.at;
      if (options.at !== undefined && at === undefined) {
        throw misused(`--at ${options.at}: expected a time back such as 2h, or a moment such as 2026-01-31T03:12`);
      }
      const body = { lose, ...(at === undefined ? {} : { at: Math.round(at) }) };
      const said = await request(out, reach(options, out), 'POST', '/api/v1/whatif', body);
      const { steps, moved, stranded, dark, simulated_ms: simulatedMs, note, gateway } = answer.parse(said);
      if (options.json) return out.printJson(said);
      out.print(
        table(
          steps,
          [
            { heading: 'after', right: true, cell: ({ at_ms: ms }) => spanText(ms) },
            { heading: 'who', cell: ({ kind, id }) => `${kind} ${id}` },
            { heading: 'from', cell: ({ from }) => from },
            { heading: 'to', cell: ({ to }) => to || 'nowhere' },
            { heading: 'why', cell: ({ why }) => why.text },
          ],
          out.columns,
        ),
      );
      if (gateway) return printSuccession(gateway, note, out);
      out.print(`${moved} viewers would be carried on elsewhere, ${stranded} would not`);
      for (const { camera, for_ms: ms } of dark) {
        out.print(`${camera} would be dark for ${ms === null ? `more than ${spanText(simulatedMs)}` : spanText(ms)}`);
      }
      if (dark.length === 0) out.print('no camera would go dark');
    });
}

type Succession = NonNullable<ReturnType<typeof answer.parse>['gateway']>;

function printSuccession({ heirs, pause_ms: pause, ...what }: Succession, note: string | undefined, out: Terminal) {
  if (note) out.print(note);
  for (const { gateway, cells } of heirs) {
    const counts = Object.entries(cells).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
    out.print(`${gateway} would take up ${counts.join(', ') || 'nothing'}`);
  }
  out.print(pause ? `after ${pause.shortest} to ${pause.longest} ms` : 'nobody is there to take them up');
  for (const line of what.goes_on) out.print(`goes on: ${line}`);
  for (const line of what.pauses) out.print(`pauses: ${line}`);
  for (const line of what.gone) out.print(`lost for good: ${line}`);
}

/** What is lost, as the API takes it. @throws CommandFailed */
function lossIn(text: string): object {
  if (text === 'gateway') return { gateway: true };
  const [, what, name = '', source] = /^(region|source|relay|gateway):([^/]+)(?:\/([^/]+))?$/.exec(text) ?? [];
  if (what === 'source' && isId(name) && isId(source)) return { source: { camera: name, source } };
  if (what === 'region' && isId(name) && source === undefined) return { region: name };
  if (what === 'gateway' && isId(name) && source === undefined) return { gateway: name };
  if (what === 'relay' && isId(name) && source === undefined) return { relay: name };
  if (isId(text)) return { relay: text };
  throw misused(
    `--lose ${text}: expected a relay such as relay-2, region:NAME, source:CAMERA/SOURCE, gateway or gateway:NAME`,
  );
}
