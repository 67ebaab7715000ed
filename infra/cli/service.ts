import type { Command } from 'commander';
import { historyText } from '../config/history.ts';
import { type ServiceAnswer, serviceAnswer, servicesAnswer } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { misused, type Terminal } from './terminal.ts';
import { type GrantOptions, grantOf, historyOf, lifetimeMs, noteBlind, roleAndCameras } from './token.ts';

const PATH = '/api/v1/service-tokens';

type AddOptions = CommonOptions & Pick<GrantOptions, 'role' | 'camera' | 'zone' | 'history'> & { ttl: string };

/** `signalbox service add`: prints the token, once, on standard output. */
export function serviceAddCommand(command: Command, out: Terminal): void {
  roleAndCameras(
    command
      .description('make a token for a program; it is printed once, and only a hash of it is kept')
      .argument('<name>', 'what it is for, such as "parking board"'),
  )
    .option('--ttl <DURATION>', 'how long it lasts, at most 366d', '90d')
    .action(async (name: string, options: AddOptions) => {
      if (!name || name.length > 200) throw misused('<name>: expected what it is for, in 1 to 200 characters');
      const { role, cameras, zones } = grantOf({ ...options, sub: name });
      // The gateway knows when it makes the grant.
      const history = historyOf('--history', options.history);
      const bound = history ? { history } : {};
      const body = { name, role, cameras, zones, ...bound, expires_in: Math.ceil(lifetimeMs(options.ttl) / 1000) };
      const answer = await request(out, reach(options, out), 'POST', PATH, body);
      const made = serviceAnswer.parse(answer);
      noteBlind(out, made);
      if (options.json) return out.printJson(answer);
      out.note(`${made.id} lasts until ${until(made)}; take it back with: signalbox service revoke ${made.id}`);
      out.print(made.token ?? '');
    });
}

/** `signalbox service list`. */
export function serviceListCommand(command: Command, out: Terminal): void {
  command.description('list the tokens of programs, those that ended too').action(async (options: CommonOptions) => {
    const answer = await requestAll(out, reach(options, out), PATH);
    if (options.json) return out.printJson(answer);
    const { items } = servicesAnswer.parse(answer);
    if (items.length === 0) return out.print('no program has a token: make one with `signalbox service add`');
    const columns = [
      { heading: 'ID', cell: ({ id }: ServiceAnswer) => id },
      { heading: 'STATE', cell: ({ state }: ServiceAnswer) => state },
      { heading: 'UNTIL', cell: until },
      { heading: 'ROLE', cell: ({ role }: ServiceAnswer) => role },
      {
        heading: 'CAMERAS AND ZONES',
        cell: ({ role, cameras, zones }: ServiceAnswer) =>
          role === 'admin' ? 'all' : [...cameras, ...zones].join(', ') || 'none',
      },
      { heading: 'LOOKS BACK', cell: ({ history }: ServiceAnswer) => (history ? historyText(history) : 'all') },
      { heading: 'BY', cell: ({ by }: ServiceAnswer) => by },
      { heading: 'NAME', cell: ({ name }: ServiceAnswer) => name },
    ];
    out.print(table(items, columns, out.columns));
  });
}

/** `signalbox service revoke`. */
export function serviceRevokeCommand(command: Command, out: Terminal): void {
  command
    .description('take the token of a program back, and cut what runs under it')
    .argument('<id>', 'its id, by `signalbox service list`')
    .action(async (id: string, options: CommonOptions) => {
      await request(out, reach(options, out), 'DELETE', `${PATH}/${encodeURIComponent(id)}`);
      if (options.json) out.printJson({ id });
      else out.print(`revoked ${id}; what ran under it has ended`);
    });
}

const until = ({ expires_at }: ServiceAnswer): string =>
  new Date(expires_at).toISOString().slice(0, 16).replace('T', ' ');
