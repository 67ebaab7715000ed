import type { Command } from 'commander';
import { BadDuration, durationMs, spanText } from '../config/durations.ts';
import { type IncidentAnswer, incidentAnswer, incidentsAnswer } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { misused, printable, type Terminal } from './terminal.ts';
import { historyOf } from './token.ts';

interface DeclareOptions extends CommonOptions {
  zone?: string;
  camera: string[];
  reason: string;
  for: string;
  key?: string;
  drill?: boolean;
  letIn: string[];
  letInRole: string[];
  lookBack?: string;
}

const PATH = '/api/v1/incidents';
const repeated = (value: string, before: string[]) => [...before, value];

/** `signalbox incident declare`. */
export function incidentDeclareCommand(command: Command, out: Terminal): void {
  command
    .description('declare an emergency: its cameras stay on, go on air and open to those who are named')
    .option('--zone <ZONE>', 'the zone it is about, such as hcm/airport or hcm/*')
    .option('--camera <ID>', 'a camera it is about, instead of a zone; repeat for more', repeated, [])
    .requiredOption('--reason <TEXT>', 'what has happened')
    .option('--for <TIME>', 'how long it lasts unless it is renewed or closed', '60m')
    .option('--key <TEXT>', 'declared twice with the same key, it is one incident')
    .option('--let-in <NAME>', 'somebody who may watch its cameras while it runs; repeat for more', repeated, [])
    .option('--let-in-role <ROLE>', 'the same for every viewer or every operator; repeat for both', repeated, [])
    .option(
      '--look-back <BOUND>',
      'those let in may also look into the recordings: 1h (the last hour), since_grant (from now on) or from a moment on',
    )
    .option('--drill', 'do everything but push to the destinations')
    .action(async (options: DeclareOptions) => {
      const { zone, camera, reason, key, drill = false } = options;
      const history = historyOf('--look-back', options.lookBack);
      const body = {
        ...(zone === undefined ? {} : { zone }),
        ...(camera.length > 0 ? { cameras: camera } : {}),
        ...(key === undefined ? {} : { key }),
        ...{
          reason,
          minutes: minutesIn(options.for),
          drill,
          grants: { subjects: options.letIn, roles: options.letInRole, ...(history ? { history } : {}) },
        },
      };
      const answer = incidentAnswer.parse(await request(out, reach(options, out), 'POST', PATH, body));
      if (options.json) return out.printJson(answer);
      out.print(`${answer.id} is ${answer.state} for ${answer.cameras.join(', ')}, for ${leftOf(answer)}`);
      out.print(`close it with: signalbox incident close ${answer.id}`);
    });
}

/** `signalbox incident renew`. */
export function incidentRenewCommand(command: Command, out: Terminal): void {
  command
    .description('prolong an emergency, counted from now')
    .argument('<id>', 'its id')
    .option('--for <TIME>', 'how long it lasts from now on', '60m')
    .action(async (incident: string, options: CommonOptions & { for: string }) => {
      const route = `${PATH}/${encodeURIComponent(incident)}`;
      const body = { minutes: minutesIn(options.for) };
      const answer = incidentAnswer.parse(await request(out, reach(options, out), 'PATCH', route, body));
      if (options.json) out.printJson(answer);
      else out.print(`${answer.id} is ${answer.state}, for ${leftOf(answer)}`);
    });
}

/** `signalbox incident close`. */
export function incidentCloseCommand(command: Command, out: Terminal): void {
  command
    .description('close an emergency: what it alone had raised is lowered')
    .argument('<id>', 'its id')
    .action(async (incident: string, options: CommonOptions) => {
      await request(out, reach(options, out), 'DELETE', `${PATH}/${encodeURIComponent(incident)}`);
      if (options.json) out.printJson({ id: incident, closed: true });
      else out.print(`closed ${incident}`);
    });
}

/** `signalbox incident list`. */
export function incidentListCommand(command: Command, out: Terminal): void {
  command.description('list the emergencies that run').action(async (options: CommonOptions) => {
    const answer = await requestAll(out, reach(options, out), PATH);
    if (options.json) return out.printJson(answer);
    const { items } = incidentsAnswer.parse(answer);
    if (items.length === 0) return out.print('no emergency is declared');
    out.print(
      table(
        items,
        [
          { heading: 'ID', cell: ({ id }) => id },
          { heading: 'STATE', cell: ({ state, drill }) => (drill ? `${state} (drill)` : state) },
          { heading: 'LEFT', cell: leftOf, right: true },
          { heading: 'ABOUT', cell: ({ zone, cameras }) => zone || cameras.join(' ') },
          { heading: 'BY', cell: ({ by }) => by },
          { heading: 'REASON', cell: ({ reason }) => printable(reason) },
        ],
        out.columns,
      ),
    );
  });
}

const leftOf = ({ until }: IncidentAnswer): string => spanText(Math.max(0, until - Date.now()));

/** @throws CommandFailed when the text is no time of whole minutes up to a day */
function minutesIn(text: string): number {
  try {
    const minutes = durationMs(text) / 60_000;
    if (Number.isInteger(minutes) && minutes >= 1 && minutes <= 24 * 60) return minutes;
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  throw misused(`--for ${text}: expected whole minutes up to a day, such as 30m or 2h`);
}
