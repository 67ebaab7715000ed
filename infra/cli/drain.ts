import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { type RelayAnswer, relayAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { printable, type Terminal } from './terminal.ts';

interface DrainOptions extends CommonOptions {
  undo?: boolean;
  wait: boolean;
}

const LOOK_AGAIN_MS = 250;

/** `signalbox drain`: empties a relay, so that it can be stopped without anybody noticing, or takes that back. */
export function drainCommand(command: Command, out: Terminal): void {
  command
    .description('have a relay take no new viewers or cameras, and wait until it is empty')
    .argument('<relay>', 'the id of the relay')
    .option('--undo', 'have it take viewers or cameras again')
    .option('--no-wait', 'do not wait until it is empty')
    .action(async (relay: string, options: DrainOptions) => {
      checkedId(relay);
      const to = reach(options, out);
      const route = `/api/v1/relays/${relay}`;
      const ask = async (method: string, at: string) => relayAnswer.parse(await request(out, to, method, at));
      let seen = await ask(options.undo ? 'DELETE' : 'POST', `${route}/drain`);
      let told = '';
      while (options.wait && !options.undo && seen.drain && seen.state !== 'drained') {
        const progress = remaining(seen);
        if (progress !== told) out.note(progress);
        told = progress;
        await wait(LOOK_AGAIN_MS);
        seen = await ask('GET', route);
      }
      if (options.json) return out.printJson(seen);
      const reason = seen.why?.text ? `: ${seen.why.text}` : '';
      out.print(`${relay} is ${printable(seen.state)}${printable(reason)}`);
    });
}

function remaining({ id, role, state, sessions = 0 }: RelayAnswer): string {
  if (state !== 'draining') return `${id} is ${printable(state)}; it is emptied when it is back`;
  if (role === 'intake') return `${id} waits until another intake can take its cameras`;
  return `${id} still carries ${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
}
