import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { isId } from '../../bus/identity.ts';
import { BadAddress, parseCameraAddress } from '../config/address.ts';
import { type CameraAnswer, cameraAnswer, camerasAnswer } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { misused, printable, type Terminal } from './terminal.ts';

interface AddOptions extends CommonOptions {
  name?: string;
  zone?: string;
  keep?: string;
  backup: string[];
  user?: string;
  passwordStdin?: boolean;
}

/** `signalbox camera add`: adds a camera to the running group; its password never stands on the command line. */
export function cameraAddCommand(command: Command, out: Terminal): void {
  command
    .description('add a camera to the running group; it stays over restarts')
    .argument('<id>', 'a new id, such as cam_004')
    .argument('<address>', 'rtsp://HOST/PATH, without user name and password')
    .option('--name <TEXT>', 'the name that people see')
    .option('--zone <ZONE>', 'its zone, such as hcm/airport')
    .option('--keep <MODE>', 'warm (always connected) or on-demand')
    .option(
      '--backup <ADDRESS>',
      'a further source; repeat for more',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--user <NAME>', 'the user name at the camera; its password is asked for')
    .option('--password-stdin', 'read that password from standard input')
    .action(async (camera: string, address: string, options: AddOptions) => {
      checkedId(camera);
      const addresses = [address, ...options.backup];
      for (const one of addresses) refuseBadAddress(camera, one);
      if (options.passwordStdin && options.user === undefined)
        throw misused('--password-stdin needs --user NAME beside it');
      if (options.keep !== undefined && options.keep !== 'warm' && options.keep !== 'on-demand') {
        throw misused(`--keep ${options.keep}: expected warm or on-demand`);
      }
      const { name, zone, keep, user } = options;
      const sources = user === undefined ? addresses : await withLogin(addresses, user, options, out);
      const to = reach(options, out);
      const added = await request(out, to, 'POST', '/api/v1/cameras', {
        id: camera,
        sources,
        ...(name === undefined ? {} : { name }),
        ...(zone === undefined ? {} : { zone }),
        ...(keep === undefined ? {} : { keep }),
      });
      if (options.json) return out.printJson(added ?? { id: camera });
      out.print(`added ${camera}; see it with: signalbox watch ${camera}`);
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
      if (items.length === 0)
        return out.print('no cameras yet; add one with: signalbox camera add cam_001 rtsp://HOST/PATH');
      const addresses = ({ sources = [] }: CameraAnswer) => sources.map(({ id, url }) => url ?? id).join(' ');
      out.print(
        table(
          items,
          [
            { heading: 'ID', cell: (camera) => camera.id },
            { heading: 'NAME', cell: (camera) => camera.name },
            { heading: 'ZONE', cell: (camera) => camera.zone },
            { heading: 'STATE', cell: (camera) => camera.state },
            { heading: 'FROM', cell: (camera) => camera.origin ?? '' },
            { heading: 'SOURCES', cell: addresses },
          ],
          out.columns,
        ),
      );
    });
}

/** `signalbox watch`: where a camera is to be seen, and how. */
export function watchCommand(command: Command, out: Terminal): void {
  command
    .description('print the addresses at which a camera can be watched')
    .argument('<id>', 'the id of the camera')
    .action(async (camera: string, options: CommonOptions) => {
      checkedId(camera);
      const to = reach(options, out);
      const { name, state, why } = cameraAnswer.parse(await request(out, to, 'GET', `/api/v1/cameras/${camera}`));
      const addresses = {
        page: `${to.url}/watch/${camera}`,
        whep: `${to.url}/live/${camera}/whep`,
        signalling: `${to.url.replace(/^http/, 'ws')}/webrtc/${camera}`,
      };
      if (options.json) return out.printJson({ id: camera, name, state, ...addresses });
      const reason = why?.text ? `: ${why.text}` : '';
      out.print(`${out.paint(printable(name), 'strong')} is ${printable(state)}${printable(reason)}`);
      out.print(`  page        ${addresses.page}`);
      out.print(`  WHEP        ${addresses.whep}   (a login or stream token as bearer)`);
      out.print(`  signalling  ${addresses.signalling}   (WebSocket, subprotocol signalbox.v1)`);
      out.print(`a token for it: signalbox token --sub NAME --role viewer --camera ${camera}`);
    });
}

function checkedId(camera: string): void {
  if (!isId(camera)) throw misused(`"${camera.slice(0, 80)}" is no camera id: use 1 to 64 of a-z, 0-9, _ and -`);
}

function refuseBadAddress(camera: string, address: string): void {
  try {
    const { url, username, password } = parseCameraAddress(address);
    if (username === undefined && password === undefined) return;
    throw misused(
      'a password on the command line is seen by every user of this machine and kept in the history: ' +
        `write signalbox camera add ${camera} ${url} --user NAME, and type the password when asked ` +
        '(or pipe it in with --password-stdin)',
    );
  } catch (error) {
    if (error instanceof BadAddress) throw misused(`the address of ${camera}: ${error.message}`);
    throw error;
  }
}

/** The addresses with the login in them: this is how they go to the gateway, over the request's body. */
async function withLogin(addresses: string[], user: string, options: AddOptions, out: Terminal): Promise<string[]> {
  if (!options.passwordStdin && !out.in.isTTY) {
    throw misused('there is no terminal to ask for the password: pipe it in and add --password-stdin');
  }
  const password = options.passwordStdin ? await readAll(out) : await askHidden(out, `password of ${user}: `);
  if (!password) throw misused('the password is empty');
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return addresses.map((address) => address.replace('://', `://${login}`));
}

async function readAll(out: Terminal): Promise<string> {
  let text = '';
  for await (const chunk of out.in) {
    text += String(chunk);
    if (text.length > 4096) throw misused('the password on standard input is longer than 4096 characters');
  }
  return text.replace(/\r?\n$/, '');
}

/** Asks on the terminal; what is typed is not shown. */
async function askHidden(out: Terminal, question: string): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: out.in, output: mute, terminal: true });
  out.note(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.question('', resolve);
      lines.once('SIGINT', () => reject(misused('interrupted')));
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
  }
}
