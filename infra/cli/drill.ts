import type { Command } from 'commander';
import { BadDuration, durationMs } from '../config/durations.ts';
import type { Group } from '../group.ts';
import { type Blow, type DrillResult, drill, processNamed, type ViewerResult } from './drilling.ts';
import { type CommonOptions, reach, runningGroup, stateFolder } from './reach.ts';
import { table } from './table.ts';
import { CommandFailed, misused, printable, type Terminal } from './terminal.ts';

interface DrillOptions extends CommonOptions {
  kill?: string;
  hang?: string;
  duration: string;
}

const LONGEST_MS = 10 * 60_000;

/**
 * `signalbox drill`: kills or hangs a process of the running group for real, watches every viewer meanwhile and prints
 * how each came through. Works on the machine of the group alone.
 */
export function drillCommand(command: Command, out: Terminal): void {
  command
    .description('kill a process of the running group for real, and measure what every viewer sees of it')
    .option('--kill <NAME>', 'the relay or process to kill, for instance relay-1, switcher-1, gateway, nats')
    .option('--hang <NAME>', 'the relay or process to stop without killing it; it goes on when the drill ends')
    .option('--duration <TIME>', 'how long to watch', '30s')
    .action(async (options: DrillOptions) => {
      const forMs = drillDuration(options.duration);
      const group = runningGroup(stateFolder(options, out.env));
      if (!group || options.url !== undefined) {
        throw new CommandFailed(
          'a drill ends a process, so it runs on the machine of the group: name its data folder with --state DIR',
        );
      }
      const blow = await blowOf(options, group);
      const to = reach(options, out);
      const result = await drill(out, to, group, blow, forMs);
      if (options.json) out.printJson(result);
      else printResult(out, result);
    });
}

function drillDuration(text: string): number {
  try {
    const ms = durationMs(text);
    if (ms >= 1_000 && ms <= LONGEST_MS) return ms;
  } catch (error) {
    if (!(error instanceof BadDuration)) throw error;
  }
  throw misused(`--duration ${text}: expected 1s to 10m`);
}

/** @throws CommandFailed when there is no such process */
async function blowOf({ kill, hang }: DrillOptions, group: Group): Promise<Blow> {
  const name = kill ?? hang;
  if (name === undefined || (kill !== undefined && hang !== undefined)) {
    throw misused('say what shall die: either --kill NAME or --hang NAME, for instance --kill relay-1');
  }
  const found = await processNamed(group, name);
  return { process: found.name, signal: kill === undefined ? 'SIGSTOP' : 'SIGKILL' };
}

function printResult(out: Terminal, result: DrillResult): void {
  const back = result.back_ms === undefined ? 'not back yet' : `back after ${result.back_ms} ms`;
  out.print(`${out.paint(result.process, 'strong')}: ${result.signal}, ${back}`);
  out.print('');
  out.print(
    table(
      result.events,
      [
        { heading: 'AFTER', cell: (event) => `${event.after_ms} ms`, right: true },
        { heading: 'WHO', cell: (event) => event.subject },
        { heading: 'WHAT', cell: (event) => event.type },
        {
          heading: 'DARK FOR',
          cell: ({ recover_ms: ms }) => (ms === undefined ? '' : `${Math.round(ms)} ms`),
          right: true,
        },
        { heading: 'WHY', cell: (event) => event.why ?? '' },
      ],
      out.columns,
    ),
  );
  out.print('');
  if (result.viewers.length) printViewers(out, result.viewers);
  else out.print('nobody watched: open a camera and drill again to see what viewers see');
}

function printViewers(out: Terminal, viewers: ViewerResult[]): void {
  const moved = (viewer: ViewerResult) =>
    viewer.relay_before === viewer.relay_after ? viewer.relay_before : `${viewer.relay_before} → ${viewer.relay_after}`;
  out.print(
    table(
      viewers,
      [
        { heading: 'VIEWER', cell: (viewer) => printable(viewer.subject) },
        { heading: 'CAMERA', cell: (viewer) => viewer.camera },
        {
          heading: 'LONGEST GAP',
          cell: ({ gap_ms: ms }) => (ms === undefined ? 'not measured' : `${Math.round(ms)} ms`),
          right: true,
        },
        { heading: 'RELAY', cell: moved },
        { heading: 'STATE', cell: (viewer) => viewer.state },
      ],
      out.columns,
    ),
  );
}
