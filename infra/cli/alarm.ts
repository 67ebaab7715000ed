import type { Command } from 'commander';
import { calledIn } from '../../bus/events/doer.ts';
import { type AlarmAnswer, alarmAnswer, alarmsAnswer, momentMs } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

const PATH = '/api/v1/alarms';

/** `signalbox alarm list`. */
export function alarmListCommand(command: Command, out: Terminal): void {
  command
    .description('list what wants a look, what nobody has acknowledged first')
    .option('--cleared', 'also what was over within a day')
    .action(async (options: CommonOptions & { cleared?: boolean }) => {
      const answer = options.cleared
        ? await request(out, reach(options, out), 'GET', `${PATH}?cleared=true&limit=1000`)
        : await requestAll(out, reach(options, out), PATH);
      if (options.json) return out.printJson(answer);
      const { items } = alarmsAnswer.parse(answer);
      if (items.length === 0) return out.print('nothing wants a look');
      const urgency = ['raised', 'acknowledged', 'cleared'];
      const ordered = items.toSorted(
        (one, other) => urgency.indexOf(one.state) - urgency.indexOf(other.state) || other.raised_at - one.raised_at,
      );
      out.print(
        table(
          ordered,
          [
            { heading: 'ID', cell: ({ id }) => id },
            { heading: 'STATE', cell: ({ state }) => state },
            { heading: 'RAISED', cell: ({ raised_at }) => timeOf(raised_at) },
            { heading: 'ABOUT', cell: ({ title }) => printable(title) },
            { heading: 'ACKNOWLEDGED', cell: acknowledgedBy },
            { heading: 'WHAT', cell: ({ text }) => printable(text) },
          ],
          out.columns,
        ),
      );
    });
}

/** `signalbox alarm ack`. */
export function alarmAcknowledgeCommand(command: Command, out: Terminal): void {
  command
    .description('say that you take care of it: it sounds nowhere any more')
    .argument('<id>', 'its id, by `signalbox alarm list`')
    .option('--note <TEXT>', 'what is being done, for the others')
    .action(async (alarm: string, options: CommonOptions & { note?: string }) => {
      const route = `${PATH}/${encodeURIComponent(alarm)}/acknowledge`;
      const body = options.note === undefined ? {} : { note: options.note };
      const answer = alarmAnswer.parse(await request(out, reach(options, out), 'POST', route, body));
      if (options.json) out.printJson(answer);
      else out.print(`${answer.id} is acknowledged by ${acknowledgedBy(answer)}`);
    });
}

const timeOf = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString().slice(0, 19));

function acknowledgedBy({ acknowledged }: AlarmAnswer): string {
  if (!acknowledged) return '';
  const note = acknowledged.note === undefined ? '' : `: ${printable(acknowledged.note)}`;
  return `${printable(calledIn(acknowledged))} ${timeOf(momentMs(acknowledged.at))}${note}`;
}
