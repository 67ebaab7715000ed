import type { Command } from 'commander';
import { hashOf, type Past } from '../../actors/past.ts';
import type { Moment } from '../../actors/stretch.ts';
import { isId } from '../../bus/identity.ts';
import { BrokenArchive, readArchive } from '../archive/file.ts';
import { foldLines } from '../archive/lines.ts';
import { exportedLines, parsedLines } from './export-stream.ts';
import { momentOf } from './moment.ts';
import { type CommonOptions, reach } from './reach.ts';
import { table } from './table.ts';
import { CommandFailed, misused, printable, type Terminal } from './terminal.ts';

interface ReplayOptions extends CommonOptions {
  at?: string;
  camera?: string;
  file?: string;
}

/** What a replay came to. */
interface Outcome {
  past: Past;
  /** The state that the archive's own manifest promises for its end. */
  promised?: string;
}

/** `signalbox replay`: the state of everything at a moment, folded anew from what was heard, and compared. */
export function replayCommand(command: Command, out: Terminal): void {
  command
    .description('fold what was heard through the machines, without effects, and compare with what was recorded')
    .option('--at <T>', 'a moment (15m, 2026-01-31T03:12, epoch ms) or a sequence of the journal; default: the end')
    .option('--camera <ID>', 'only this camera and its viewers')
    .option('--file <F>', 'an exported file instead of the running group')
    .action(async (options: ReplayOptions) => {
      if (options.camera !== undefined && !isId(options.camera)) {
        throw misused(`--camera ${options.camera}: expected the id of a camera, such as cam_001`);
      }
      const until = options.at === undefined ? undefined : momentOf(options.at, Date.now());
      if (options.at !== undefined && !until) {
        throw misused(`--at ${options.at}: expected 15m, a moment such as 2026-01-31T03:12, or a sequence`);
      }
      const outcome =
        options.file === undefined ? await ofGroup(out, options, until) : await ofFile(options.file, until);
      tell(out, outcome, options);
    });
}

async function ofGroup(out: Terminal, options: ReplayOptions, until: Moment | undefined): Promise<Outcome> {
  const end = Object.entries(until ?? {}).map(([name, value]) => [
    name === 'at' ? 'to' : name,
    String(Math.round(value)),
  ]);
  const query = new URLSearchParams([['facts', 'false'], ...end] as [string, string][]);
  const lines = parsedLines(exportedLines(out, reach(options, out), query));
  return { past: await foldLines(lines, until) };
}

/** @throws CommandFailed when the file is not whole */
async function ofFile(file: string, until: Moment | undefined): Promise<Outcome> {
  try {
    const { head, lines } = await readArchive(file);
    const past = await foldLines(lines, until ?? { at: head.to });
    return { past, ...(until ? {} : { promised: head.state }) };
  } catch (error) {
    if (error instanceof BrokenArchive) throw new CommandFailed(`${error.message}; fetch or export it again`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      throw new CommandFailed(`${file} can't be read (${code})`);
    throw error;
  }
}

/** The camera that a cell is, or shows. */
const cameraOf = ({ kind, id, context }: { kind: string; id: string; context: Record<string, unknown> }) =>
  kind === 'camera' ? id : context.camera;

function tell(out: Terminal, { past, promised }: Outcome, { camera, json }: ReplayOptions): void {
  const cells = past.cells().filter(({ view }) => camera === undefined || cameraOf(view) === camera);
  const hash = hashOf(cells);
  const difference = past.firstDifference();
  const strange = past.notUnderstood();
  const unproved = cells.filter(({ fromCheckpoint }) => fromCheckpoint).length;
  if (json) {
    out.printJson({
      hash,
      state: cells.map(({ view }) => view),
      compared: past.compared(),
      first_difference: difference ?? null,
      from_checkpoint: unproved,
      not_understood: strange,
    });
  } else {
    out.print(
      table(
        cells,
        [
          { heading: 'cell', cell: ({ at }) => `${at.kind} ${at.id}` },
          { heading: 'state', cell: ({ view }) => view.state },
          { heading: 'since', cell: ({ view }) => new Date(view.since).toISOString() },
          { heading: 'why', cell: ({ view }) => view.why.text },
        ],
        out.columns,
      ),
    );
    out.print(`state ${hash}`);
    out.print(`${past.compared()} records folded and compared; ${difference ? 'they differ' : 'no difference'}`);
    if (unproved > 0) out.note(`note: ${unproved} cells begin at a checkpoint; their earlier records are not there`);
  }
  for (const { at, seq, reason } of strange) {
    out.note(`note: record ${seq} of ${at.kind} ${at.id} is left out: ${printable(reason)}`);
  }
  if (camera === undefined && promised !== undefined && promised !== hash) {
    throw new CommandFailed(
      `the state is not the one that was exported (${promised.slice(0, 16)}…): another version replays it`,
    );
  }
  if (difference) {
    const { at, seq, record } = difference;
    throw new CommandFailed(
      `${at.kind} ${at.id} differs from sequence ${seq} on (record ${record}): what was recorded is not what these machines decide`,
    );
  }
}
