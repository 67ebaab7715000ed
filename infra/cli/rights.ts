import type { Command } from 'commander';
import { historyText } from '../config/history.ts';
import { type HolderAnswer, rightsAnswer } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `signalbox rights`: who may do what with a camera, and why. */
export function rightsCommand(command: Command, out: Terminal): void {
  command
    .description('tell who holds which right to a camera: people, programs, incidents, open sessions')
    .argument('<camera>', 'its id')
    .action(async (camera: string, options: CommonOptions) => {
      const route = `/api/v1/rights?camera=${encodeURIComponent(camera)}`;
      const answer = await request(out, reach(options, out), 'GET', route);
      if (options.json) return out.printJson(answer);
      const { holders, unlisted } = rightsAnswer.parse(answer);
      if (holders.length === 0) out.print(`nobody who is kept here holds a right to ${camera}`);
      else out.print(table(holders, COLUMNS, out.columns));
      out.note(`note: ${unlisted}`);
    });
}

const COLUMNS = [
  {
    heading: 'WHO',
    cell: ({ subject, name }: HolderAnswer) => (name === undefined ? subject : `${name} (${subject})`),
  },
  { heading: 'KIND', cell: ({ kind }: HolderAnswer) => kind },
  { heading: 'ROLE', cell: ({ role }: HolderAnswer) => role ?? '' },
  {
    heading: 'MAY',
    cell: ({ may, history }: HolderAnswer) =>
      may.map((one) => (one === 'review' && history ? `review (${historyText(history)})` : one)).join(', '),
  },
  {
    heading: 'UNTIL',
    cell: ({ until }: HolderAnswer) =>
      until === undefined ? '' : new Date(until).toISOString().slice(0, 16).replace('T', ' '),
  },
  { heading: 'WHY', cell: ({ why }: HolderAnswer) => why },
];
