import type { Command } from 'commander';
import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import type { HistoryWish } from '../../bus/events/history.ts';
import { ZONE_PATTERN } from '../../bus/events/viewer.ts';
import { isId } from '../../bus/identity.ts';
import { settled } from '../../machines/policy/history.ts';
import { BadDuration, durationMs } from '../config/durations.ts';
import { HISTORY_EXPECTED, historyIn } from '../config/history.ts';
import { nearest } from '../config/nearest.ts';
import { type CommonOptions, minter, stateFolder } from './reach.ts';
import { misused, type Terminal } from './terminal.ts';

/** The options that say whom a token or link is for, and what it opens. */
export interface GrantOptions {
  sub: string;
  role: string;
  name?: string;
  camera: string[];
  zone: string[];
  history?: string;
}

const ROLES = ['viewer', 'operator', 'admin'] as const;
const ZONE = new RegExp(ZONE_PATTERN);
const LONGEST_MS = 366 * 86_400_000;

/** Adds those options to a command. */
export function grantOptions(command: Command, fallback?: { sub: string; role: string }): Command {
  const sub = ['--sub <NAME>', 'who it is for; revocations and quotas go by it'] as const;
  const role = ['--role <ROLE>', 'viewer, operator or admin'] as const;
  if (fallback) command.option(...sub, fallback.sub).option(...role, fallback.role);
  else command.requiredOption(...sub).requiredOption(...role);
  return places(command);
}

/** Role, name, cameras and zones, for a command that takes the name itself as its argument. */
export const roleAndPlaces = (command: Command): Command =>
  places(command.requiredOption('--role <ROLE>', 'viewer, operator or admin'));

/** Tells when what is granted opens no camera. */
export function noteBlind(
  out: Terminal,
  { role, cameras, zones }: Pick<LoginGrant, 'cameras' | 'zones'> & { role: string },
): void {
  if (role === 'admin' || cameras.length + zones.length > 0) return;
  out.note(`note: this ${role} may see no camera; add --camera ID or --zone PATTERN`);
}

/** The same without a name beside. */
export const roleAndCameras = (command: Command): Command =>
  cameras(command.requiredOption('--role <ROLE>', 'viewer, operator or admin'));

const places = (command: Command): Command => cameras(command.option('--name <TEXT>', 'the name that people see'));

function cameras(command: Command): Command {
  return command
    .option('--camera <ID...>', 'the cameras that may be seen', [])
    .option('--zone <PATTERN...>', 'the zones that may be seen, such as hcm/airport or hcm/*', [])
    .option(
      '--history <BOUND>',
      'how far back recordings may be looked at: 1h (the last hour), since_grant (from now on) or a moment; without it, all',
    );
}

/** `signalbox token`: signs a login token on this machine, with the keys of the data folder. */
export function tokenCommand(command: Command, out: Terminal): void {
  grantOptions(command.description('make a login token, signed with the keys of the data folder'))
    .option('--ttl <DURATION>', 'how long it lasts, at most 366d', '8h')
    .action((options: CommonOptions & GrantOptions & { ttl: string }) => {
      const grant = grantOf(options);
      const ttlMs = lifetimeMs(options.ttl);
      const token = minter(stateFolder(options, out.env), out.env)(grant, Math.ceil(ttlMs / 1000));
      const until = new Date(Date.now() + ttlMs).toISOString();
      noteBlind(out, grant);
      if (options.json) out.printJson({ token, ...grant, expires_at: until });
      else out.print(token);
    });
}

/** Lists may be written with spaces, with commas, or by naming the option again. */
const listed = (words: string[]): string[] => words.flatMap((word) => word.split(',')).filter(Boolean);

/** Checks them. @throws CommandFailed naming the option that is wrong */
export function grantOf(options: GrantOptions): LoginGrant {
  const { sub, role, name } = options;
  const cameras = listed(options.camera);
  const zones = listed(options.zone);
  const known = ROLES.find((one) => one === role);
  if (!known) {
    const meant = nearest(role, ROLES);
    throw misused(`--role ${role}: expected ${ROLES.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`);
  }
  if (!sub || sub.length > 200) throw misused('--sub: expected a name of 1 to 200 characters');
  if (name !== undefined && name.length > 200) throw misused('--name: expected at most 200 characters');
  const badCamera = cameras.find((camera) => !isId(camera));
  if (badCamera !== undefined) throw misused(`--camera ${badCamera}: expected the id of a camera, such as cam_001`);
  const badZone = zones.find((zone) => !ZONE.test(zone));
  if (badZone !== undefined) throw misused(`--zone ${badZone}: expected a zone such as hcm/airport, hcm/* or *`);
  const wish = historyOf('--history', options.history);
  const history = wish ? { history: settled(wish, Date.now()) } : {};
  return { sub, ...(name === undefined ? {} : { name }), role: known, cameras, zones, ...history };
}

/** How far back, as an option says it. @throws CommandFailed naming the option */
export function historyOf(option: string, text: string | undefined): HistoryWish | undefined {
  const wish = text === undefined ? undefined : historyIn(text);
  if (text !== undefined && !wish) throw misused(`${option} ${text}: expected ${HISTORY_EXPECTED}`);
  return wish;
}

/** A lifetime of a token. @throws CommandFailed */
export function lifetimeMs(text: string): number {
  try {
    const ms = durationMs(text);
    if (ms >= 1000 && ms <= LONGEST_MS) return ms;
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  throw misused(`--ttl ${text}: expected a duration from 1s to 366d, such as 30m, 8h or 7d`);
}
