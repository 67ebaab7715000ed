import path from 'node:path';
import type { Command } from 'commander';
import { openLayouts } from '../../adapters/layouts.files.ts';
import { openPasswords } from '../../adapters/passwords.scrypt.ts';
import { openPeople, PERSON_NAME, type People } from '../../adapters/people.files.ts';
import { openRevocations } from '../../adapters/revocations.files.ts';
import { settled } from '../../machines/policy/history.ts';
import { passwordFault } from '../../machines/policy/passwords.ts';
import { historyText } from '../config/history.ts';
import { readPassword } from './password.ts';
import { type CommonOptions, reach, runningGroup, stateFolder } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import { CommandFailed, misused, type Terminal } from './terminal.ts';
import { type GrantOptions, grantOf, historyOf, noteBlind, roleAndPlaces } from './token.ts';

interface PasswordOptions extends CommonOptions {
  passwordStdin?: boolean;
  keep?: boolean;
}
type AddOptions = PasswordOptions & Omit<GrantOptions, 'sub'>;

/** How a first password is given. */
const passwordOptions = (command: Command): Command =>
  command
    .option('--password-stdin', 'read the password from standard input, instead of asking for it')
    .option('--keep', 'the password stays; without this, its owner must choose another at the first sign-in');

/** `signalbox user add`: somebody who signs in with a name and a password. */
export function userAddCommand(command: Command, out: Terminal): void {
  passwordOptions(
    roleAndPlaces(
      command
        .description('let somebody sign in with a name and a password')
        .argument('<name>', 'what they sign in with, such as lan or lan@example.com'),
    ),
  ).action(async (typed: string, options: AddOptions) => {
    const id = checkedName(typed);
    const { sub: _, ...grant } = grantOf({ ...options, sub: id });
    const people = peopleOf(options, out);
    const taken = () =>
      new CommandFailed(`${id} is there already: \`signalbox user password ${id}\` gives a new password`);
    if (people.find(id)) throw taken();
    const password = await firstPassword(out, id, options);
    if (!people.add({ id, ...grant, password, must_change: !options.keep, since: Date.now() })) throw taken();
    noteBlind(out, grant);
    if (options.json) out.printJson({ id, ...grant, must_change: !options.keep });
    else out.print(`added ${id}`);
  });
}

/** `signalbox user password`: a new one, for somebody who has forgotten theirs. */
export function userPasswordCommand(command: Command, out: Terminal): void {
  passwordOptions(
    command.description('give somebody a new password, and end all their sign-ins').argument('<name>', 'who'),
  ).action(async (typed: string, options: PasswordOptions) => {
    const id = checkedName(typed);
    const people = peopleOf(options, out);
    if (!people.find(id)) throw nobody(id);
    const password = await firstPassword(out, id, options);
    if (!people.change(id, { password, must_change: !options.keep, since: Date.now() })) throw nobody(id);
    await endSignIns(id, options, out);
    if (options.json) out.printJson({ id, must_change: !options.keep });
    else out.print(`${id} has a new password; all earlier sign-ins have ended`);
  });
}

/** `signalbox user history`: another bound on looking back. */
export function userHistoryCommand(command: Command, out: Terminal): void {
  command
    .description('say how far back somebody may look into recordings, and end all their sign-ins')
    .argument('<name>', 'who')
    .argument('<bound>', '1h (the last hour), since_grant (from now on), a moment, or all')
    .action(async (typed: string, text: string, options: CommonOptions) => {
      const id = checkedName(typed);
      const wish = text === 'all' ? undefined : historyOf('<bound>', text);
      const history = wish && settled(wish, Date.now());
      if (!peopleOf(options, out).change(id, { history })) throw nobody(id);
      // Tokens say what was granted when they were made.
      await endSignIns(id, options, out);
      if (options.json) out.printJson({ id, history: history ?? null });
      else out.print(`${id} may look back: ${history ? historyText(history) : 'all'}; all earlier sign-ins have ended`);
    });
}

/** `signalbox user remove`: and what they watch ends. */
export function userRemoveCommand(command: Command, out: Terminal): void {
  command
    .description('let somebody in no more, and end all their sign-ins')
    .argument('<name>', 'who')
    .action(async (typed: string, options: CommonOptions) => {
      const id = checkedName(typed);
      if (!peopleOf(options, out).remove(id)) throw nobody(id);
      dropLayouts(id, path.join(stateFolder(options, out.env), 'layouts.json'));
      await endSignIns(id, options, out);
      if (options.json) out.printJson({ id });
      else out.print(`removed ${id}; all sign-ins have ended`);
    });
}

/** Whoever is called so later must not find them; what others share is theirs as well, and stays. */
function dropLayouts(owner: string, at: string): void {
  const layouts = openLayouts(at);
  for (const layout of layouts.list()) {
    if (layout.owner === owner && layout.shared_with === undefined) layouts.remove(layout.id);
  }
}

/** `signalbox user list`: everybody who signs in with a password. */
export function userListCommand(command: Command, out: Terminal): void {
  command.description('list who signs in with a password').action((options: CommonOptions) => {
    const items = peopleOf(options, out)
      .list()
      .map(({ password: _, ...person }) => person);
    if (options.json) return out.printJson({ items, next: null });
    if (items.length === 0) return out.print('nobody signs in with a password: add somebody with `signalbox user add`');
    const columns = [
      { heading: 'NAME', cell: ({ id }: (typeof items)[0]) => id },
      { heading: 'ROLE', cell: ({ role }: (typeof items)[0]) => role },
      {
        heading: 'CAMERAS AND ZONES',
        cell: ({ role, cameras, zones }: (typeof items)[0]) =>
          role === 'admin' ? 'all' : [...cameras, ...zones].join(', ') || 'none',
      },
      {
        heading: 'PASSWORD',
        cell: ({ must_change }: (typeof items)[0]) => (must_change ? 'to be changed' : 'their own'),
      },
      {
        heading: 'LOOKS BACK',
        cell: ({ history }: (typeof items)[0]) => (history ? historyText(history) : 'all'),
      },
    ];
    out.print(table(items, columns, out.columns));
  });
}

function checkedName(typed: string): string {
  const id = typed.toLowerCase();
  if (!new RegExp(PERSON_NAME).test(id)) {
    throw misused(`${typed} can't be a name to sign in with: 1 to 100 of a-z, 0-9, _ . - and @ can`);
  }
  return id;
}

const nobody = (id: string): CommandFailed =>
  new CommandFailed(`nobody signs in as ${id}: \`signalbox user list\` shows who does`);

function peopleOf(options: CommonOptions, out: Terminal): People {
  try {
    return openPeople(path.join(stateFolder(options, out.env), 'people.json'));
  } catch (error) {
    throw new CommandFailed((error as Error).message);
  }
}

async function firstPassword(out: Terminal, id: string, options: PasswordOptions): Promise<string> {
  const password = await readPassword(out, `password for ${id}: `, options.passwordStdin);
  const fault = passwordFault(password, id);
  if (fault) throw misused(fault);
  if (!options.passwordStdin && password !== (await readPassword(out, 'the same again: ', false))) {
    throw misused('the two differ; nothing was changed');
  }
  return openPasswords().hash(password);
}

/** Tokens that were given out end. A gateway that runs also cuts what is being watched. */
async function endSignIns(sub: string, options: CommonOptions, out: Terminal): Promise<void> {
  const state = stateFolder(options, out.env);
  if (runningGroup(state)) {
    try {
      return void (await request(out, reach(options, out), 'POST', '/api/v1/revocations', { sub }));
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      out.note(`note: ${error.message}; the tokens of ${sub} end all the same, but what is being watched goes on`);
    }
  }
  openRevocations(path.join(state, 'revocations.json')).add({ sub }, 'signalbox-cli');
}
