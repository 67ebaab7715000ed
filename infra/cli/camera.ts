import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { isId } from '../../bus/identity.ts';
import { BadDuration, durationMs, spanText } from '../config/durations.ts';
import { bytesIn, SIZE_PATTERN } from '../config/sizes.ts';
import { type CameraAnswer, cameraAnswer, camerasAnswer } from './answers.ts';
import { ladderIn } from './camera-ladder.ts';
import { type LoginOptions, withLogin } from './camera-login.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { misused, patiently, printable, type Terminal } from './terminal.ts';

interface CameraOptions extends CommonOptions, LoginOptions {
  name?: string;
  zone?: string;
  keep?: string;
  ladder?: string;
  record?: string;
  recordMax?: string;
  backup: string[];
  wait: boolean;
}

/** How long a camera is given to show its picture before the command ends without it. */
const PICTURE_WITHIN_MS = 8_000;
const LOOK_AGAIN_MS = 200;

/** What can be said of a camera when it is added or changed. */
function cameraOptions(command: Command): Command {
  const repeated = (value: string, before: string[]) => [...before, value];
  return command
    .option('--name <TEXT>', 'the name that people see')
    .option('--zone <ZONE>', 'its zone, such as hcm/airport')
    .option('--keep <MODE>', 'warm (always connected) or on-demand')
    .option('--ladder <RUNGS>', 'its rungs, with kb/s where not as usual: 720p,540p:1400; usual: the usual ones')
    .option('--record <TIME>', 'record it and keep that for so long, such as 7d; off: during emergencies alone')
    .option('--record-max <SIZE>', 'keep no more than this of it, such as 100GB')
    .option('--backup <ADDRESS>', 'a further source; repeat for more', repeated, [])
    .option('--user <NAME>', 'the user name at the camera; its password is asked for')
    .option('--password-stdin', 'read that password from standard input')
    .option('--no-wait', 'do not wait for its picture');
}

/** `signalbox camera add`: adds a camera to the running group; its password never stands on the command line. */
export function cameraAddCommand(command: Command, out: Terminal): void {
  cameraOptions(
    command
      .description('add a camera to the running group; it stays over restarts')
      .argument('<id>', 'a new id, such as cam_004')
      .argument('<address>', 'rtsp://HOST/PATH, without user name and password'),
  ).action(async (camera: string, address: string, options: CameraOptions) => {
    checkedId(camera);
    const settings = settingsIn(options);
    const again = (url: string) => `signalbox camera add ${camera} ${url}`;
    const sources = await withLogin([address, ...options.backup], options, again, out);
    const to = reach(options, out);
    const added = await request(out, to, 'POST', '/api/v1/cameras', { id: camera, sources, ...settings });
    if (options.json) return out.printJson(added ?? { id: camera });
    out.print(`added ${camera}`);
    if (options.wait) await tellPicture(out, to, camera);
  });
}

/** `signalbox camera change`: changes a camera that was added here. */
export function cameraChangeCommand(command: Command, out: Terminal): void {
  cameraOptions(
    command
      .description('change a camera that was added here; what is not given stays as it is')
      .argument('<id>', 'the id of the camera')
      .argument('[address]', 'its new address; needed again to change its password'),
  ).action(async (camera: string, address: string | undefined, options: CameraOptions) => {
    checkedId(camera);
    const settings = settingsIn(options);
    if (address === undefined && (options.user !== undefined || options.backup.length > 0)) {
      throw misused(`give the address as well: signalbox camera change ${camera} rtsp://HOST/PATH …`);
    }
    if (address === undefined && Object.keys(settings).length === 0) {
      throw misused('say what to change: an address, --name, --zone, --keep, --ladder or --record');
    }
    const again = (url: string) => `signalbox camera change ${camera} ${url}`;
    const addresses = address === undefined ? [] : [address, ...options.backup];
    const sources = await withLogin(addresses, options, again, out);
    const to = reach(options, out);
    const change = { ...settings, ...(sources.length > 0 ? { sources } : {}) };
    const changed = await request(out, to, 'PATCH', `/api/v1/cameras/${camera}`, change);
    if (options.json) return out.printJson(changed ?? { id: camera });
    out.print(`changed ${camera}`);
    if (options.wait && sources.length > 0) await tellPicture(out, to, camera);
  });
}

/** `signalbox camera remove`. */
export function cameraRemoveCommand(command: Command, out: Terminal): void {
  command
    .description('remove a camera that was added here; those of the configuration file are removed there')
    .argument('<id>', 'the id of the camera')
    .action(async (camera: string, options: CommonOptions) => {
      checkedId(camera);
      await request(out, reach(options, out), 'DELETE', `/api/v1/cameras/${camera}`);
      if (options.json) out.printJson({ id: camera, removed: true });
      else out.print(`removed ${camera}`);
    });
}

/** `signalbox camera list`. */
export function cameraListCommand(command: Command, out: Terminal): void {
  command
    .description('list the cameras, where each was configured, and its addresses without passwords')
    .action(async (options: CommonOptions) => {
      const answer = await requestAll(out, reach(options, out), '/api/v1/cameras');
      if (options.json) return out.printJson(answer);
      const { items } = camerasAnswer.parse(answer);
      if (items.length === 0) {
        return out.print('no cameras yet; add one with: signalbox camera add cam_001 rtsp://HOST/PATH');
      }
      const addresses = ({ sources = [] }: CameraAnswer) => sources.map(({ id, url }) => url ?? id).join(' ');
      out.print(
        table(
          items,
          [
            { heading: 'ID', cell: (camera) => camera.id },
            { heading: 'NAME', cell: (camera) => camera.name },
            { heading: 'ZONE', cell: (camera) => camera.zone },
            { heading: 'STATE', cell: (camera) => camera.state },
            { heading: 'KEEP', cell: (camera) => camera.keep ?? '' },
            { heading: 'RECORD', cell: ({ record }) => (record ? spanText(record.keep_ms) : '') },
            { heading: 'FROM', cell: (camera) => camera.origin ?? '' },
            { heading: 'SOURCES', cell: addresses },
          ],
          out.columns,
        ),
      );
    });
}

/** @throws CommandFailed when the text is no id */
export function checkedId(camera: string): void {
  if (!isId(camera)) throw misused(`"${camera.slice(0, 80)}" is no camera id: use 1 to 64 of a-z, 0-9, _ and -`);
}

/** What the options say, as the interface takes it. */
function settingsIn({ name, zone, keep, ladder, record, recordMax }: CameraOptions) {
  if (keep !== undefined && keep !== 'warm' && keep !== 'on-demand') {
    throw misused(`--keep ${keep}: expected warm or on-demand`);
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(zone === undefined ? {} : { zone }),
    ...(keep === undefined ? {} : { keep }),
    ...ladderIn(ladder),
    ...recordIn(record, recordMax),
  };
}

/** What is said of its recording. @throws CommandFailed */
function recordIn(keep?: string, most?: string): { record?: { keep_ms: number; max_bytes?: number } | null } {
  if (keep === undefined && most === undefined) return {};
  if (keep === undefined || (keep === 'off' && most !== undefined)) {
    throw misused('--record-max: say how long it is kept as well, such as --record 7d');
  }
  if (keep === 'off') return { record: null };
  if (most !== undefined && !new RegExp(SIZE_PATTERN).test(most)) {
    throw misused(`--record-max ${most}: expected a size such as 500MB or 100GB`);
  }
  try {
    return { record: { keep_ms: durationMs(keep), ...(most === undefined ? {} : { max_bytes: bytesIn(most) }) } };
  } catch (error) {
    if (error instanceof BadDuration) throw misused(`--record ${keep}: expected off, or a time such as 12h or 7d`);
    throw error;
  }
}

/** Says whether the picture arrives, or why not: the person who just typed the address can still mend it. */
async function tellPicture(out: Terminal, to: Reach, camera: string): Promise<void> {
  const { state, why } = await patiently(out, 'waiting for its picture', settled(out, to, camera));
  if (state === 'live') return out.print(`${camera} is live; see it with: signalbox watch ${camera}`);
  if (state === 'idle') return out.print(`${camera} is idle: it is connected when somebody watches`);
  out.print(`${camera} is ${printable(state)}: ${printable(why?.text ?? 'no picture yet')}`);
}

async function settled(out: Terminal, to: Reach, camera: string): Promise<CameraAnswer> {
  const deadline = Date.now() + PICTURE_WITHIN_MS;
  for (;;) {
    const seen = cameraAnswer.parse(await request(out, to, 'GET', `/api/v1/cameras/${camera}`));
    if (seen.state !== 'connecting' || Date.now() > deadline) return seen;
    await wait(LOOK_AGAIN_MS);
  }
}
