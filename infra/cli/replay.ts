import type { Command } from 'commander';
import type { CellView } from '../../actors/cells.ts';
import { hashOf, type Past } from '../../actors/past.ts';
import { isId } from '../../bus/identity.ts';
import { foldLines } from '../archive/lines.ts';
import { placeOfCell } from '../http/sight.ts';
import { tellAnew } from './anew.ts';
import { momentOf } from './moment.ts';
import type { CommonOptions } from './reach.ts';
import { openRecorded } from './recorded.ts';
import { table } from './table.ts';
import { CommandFailed, misused, printable, type Terminal } from './terminal.ts';

interface ReplayOptions extends CommonOptions {
  at?: string;
  camera?: string;
  file?: string;
  decideAnew?: boolean;
}

/** `signalbox replay`: the state of everything at a moment, folded anew from what was heard, and compared. */
export function replayCommand(command: Command, out: Terminal): void {
  command
    .description('fold what was heard through the machines, without effects, and compare with what was recorded')
    .option('--at <T>', 'a moment (15m, 2026-01-31T03:12, epoch ms) or a sequence of the journal; default: the end')
    .option('--camera <ID>', 'only this camera, and what is of it alone: viewers, recording, broadcasts')
    .option('--file <F>', 'an exported file, or a package with its video, instead of the running group')
    .option('--decide-anew', 'list where the machines of today decide otherwise than those that were there')
    .action(async (options: ReplayOptions) => {
      if (options.camera !== undefined && !isId(options.camera)) {
        throw misused(`--camera ${options.camera}: expected the id of a camera, such as cam_001`);
      }
      const until = options.at === undefined ? undefined : momentOf(options.at, Date.now());
      if (options.at !== undefined && !until) {
        throw misused(`--at ${options.at}: expected 15m, a moment such as 2026-01-31T03:12, or a sequence`);
      }
      if (options.decideAnew && options.camera !== undefined) {
        throw misused('--decide-anew looks at everything: leave --camera out');
      }
      const recorded = await openRecorded(out, options, until);
      if (options.decideAnew) await tellAnew(out, recorded, Boolean(options.json));
      else {
        const { camera } = options;
        const isAsked = camera === undefined ? undefined : (view: CellView) => placeOfCell(view)?.camera === camera;
        tell(out, await foldLines(recorded.lines, recorded.until, isAsked), recorded.promised, options);
      }
    });
}

/** What the comparison with what was recorded came to. */
function proofOf(past: Past): string {
  const compared = past.compared();
  const folded = past.foldedOnly().map(({ kind, version, records }) => `${records} of ${kind} version ${version}`);
  const only =
    folded.length > 0
      ? `; folded only, as machines of earlier versions kept or decided something else: ${folded.join(', ')}`
      : '';
  if (compared > 0)
    return `${compared} records compared; ${past.firstDifference() ? 'they differ' : 'no difference'}${only}`;
  return `nothing was compared: ${folded.length > 0 ? 'no record ends as was recorded' : 'no record was heard whole'}${only}`;
}

function tell(out: Terminal, past: Past, promised: string | undefined, { camera, json }: ReplayOptions): void {
  const cells = past.cells();
  const hash = hashOf(cells);
  const difference = past.firstDifference();
  const strange = past.notUnderstood();
  const unproved = cells.filter(({ fromCheckpoint }) => fromCheckpoint).length;
  if (json) {
    out.printJson({
      hash,
      state: cells.map(({ view }) => view),
      compared: past.compared(),
      folded_only: past.foldedOnly(),
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
    out.print(proofOf(past));
    if (unproved > 0) out.note(`note: ${unproved} cells begin at a checkpoint; their earlier records are not there`);
  }
  for (const { at, seq, reason } of strange) {
    out.note(`note: record ${seq} of ${at.kind} ${at.id} is left out: ${printable(reason)}`);
  }
  if (camera === undefined && promised !== undefined && promised !== hash) {
    const isProved = past.recordedHash() === promised && past.foldedOnly().length === 0 && strange.length === 0;
    if (isProved && !difference) {
      out.note(
        `note: machines of earlier versions exported it as ${promised.slice(0, 16)}…: that is what stands recorded, and each of their records ends so through its upcasts`,
      );
      return;
    }
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
