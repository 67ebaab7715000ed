import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { spanText } from '../config/durations.ts';
import { type BroadcastAnswer, broadcastAnswer, broadcastsAnswer, momentMs } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { request, requestAll } from './request.ts';
import { table } from './table.ts';
import { type Paint, patiently, printable, type Terminal } from './terminal.ts';

interface StartOptions extends CommonOptions {
  wait: boolean;
}

/** How long a destination is given to take the picture before the command ends without it. */
const ON_AIR_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 200;

/** `signalbox broadcast start`: pushes a camera to a destination, and tells when it is on air, or why not. */
export function broadcastStartCommand(command: Command, out: Terminal): void {
  command
    .description('push a camera to a destination of the configuration')
    .argument('<camera>', 'the id of the camera')
    .argument('<destination>', 'the name of the destination')
    .option('--no-wait', 'do not wait until it is on air')
    .action(async (camera: string, destination: string, options: StartOptions) => {
      checkedId(camera);
      const to = reach(options, out);
      const started = broadcastAnswer.parse(
        await request(out, to, 'POST', '/api/v1/broadcasts', { camera, destination }),
      );
      const shown = options.wait
        ? await patiently(out, `waiting for ${destination} to take it`, onAir(out, to, started))
        : started;
      if (options.json) return out.printJson(shown);
      out.print(`${shown.id} is ${shown.state}: ${printable(shown.why?.text ?? '')}`);
      out.print(`stop it with: signalbox broadcast stop ${shown.id}`);
    });
}

/** `signalbox broadcast stop`. */
export function broadcastStopCommand(command: Command, out: Terminal): void {
  command
    .description('stop a push')
    .argument('<id>', 'its id, as `broadcast list` shows it')
    .action(async (broadcast: string, options: CommonOptions) => {
      await request(out, reach(options, out), 'DELETE', `/api/v1/broadcasts/${encodeURIComponent(broadcast)}`);
      if (options.json) out.printJson({ id: broadcast, stopped: true });
      else out.print(`stopped ${broadcast}`);
    });
}

const paintOf = ({ state, picture }: BroadcastAnswer): Paint =>
  state !== 'on-air' ? 'bad' : picture ? 'good' : 'warn';

/** `signalbox broadcast list`. */
export function broadcastListCommand(command: Command, out: Terminal): void {
  command.description('list what is pushed where, and whether it is on air').action(async (options: CommonOptions) => {
    const answer = await requestAll(out, reach(options, out), '/api/v1/broadcasts');
    if (options.json) return out.printJson(answer);
    const { items } = broadcastsAnswer.parse(answer);
    if (items.length === 0) {
      return out.print('nothing is pushed; start with: signalbox broadcast start CAMERA DESTINATION');
    }
    const sinceText = ({ since }: BroadcastAnswer) => spanText(Date.now() - (momentMs(since) ?? Date.now()));
    out.print(
      table(
        items,
        [
          { heading: 'ID', cell: ({ id }) => id },
          { heading: 'STATE', cell: ({ state }) => state, dress: (text, one) => out.paint(text, paintOf(one)) },
          { heading: 'FOR', cell: sinceText, right: true },
          { heading: 'CAMERA', cell: ({ camera }) => camera },
          { heading: 'TO', cell: ({ to }) => to },
          { heading: 'RELAY', cell: ({ relay }) => relay },
          { heading: 'WHY', cell: ({ why }) => why?.text ?? '' },
        ],
        out.columns,
      ),
    );
  });
}

async function onAir(out: Terminal, to: Reach, started: BroadcastAnswer): Promise<BroadcastAnswer> {
  const deadline = Date.now() + ON_AIR_WITHIN_MS;
  for (let shown = started; ; await wait(LOOK_AGAIN_MS)) {
    const { items } = broadcastsAnswer.parse(await requestAll(out, to, '/api/v1/broadcasts'));
    shown = items.find(({ id }) => id === started.id) ?? shown;
    if (shown.state === 'on-air' || Date.now() > deadline) return shown;
  }
}
