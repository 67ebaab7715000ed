import type { Command } from 'commander';
import { spanText } from '../config/durations.ts';
import { sizeText } from '../config/sizes.ts';
import { type RecordingAnswer, recordingAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, reach } from './reach.ts';
import { pastMoment } from './recording-window.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import { misused, printable, type Terminal } from './terminal.ts';

interface ListOptions extends CommonOptions {
  from?: string;
  to?: string;
}

/** `signalbox recording list`: what is recorded of a camera, what is missing, and why. */
export function recordingListCommand(command: Command, out: Terminal): void {
  command
    .description(
      'print what is recorded of a camera, what it takes, what is missing and why, and what is kept for good',
    )
    .argument('<camera>', 'its id')
    .option('--from <T>', 'a time back (7d), what a clock here showed last (14:03), or a moment; default: 24h')
    .option('--to <T>', 'likewise; default: now')
    .action(async (camera: string, options: ListOptions) => {
      checkedId(camera);
      const now = Date.now();
      const from = pastMoment('--from', options.from ?? '24h', now);
      const to = options.to === undefined ? now : pastMoment('--to', options.to, now);
      if (from >= to) throw misused('--from does not lie before --to');
      const route = `/api/v1/recordings/${camera}?from=${from}&to=${to}`;
      const answer = await request(out, reach(options, out), 'GET', route);
      if (options.json) return out.printJson(answer);
      print(out, recordingAnswer.parse(answer));
    });
}

interface Row {
  what: string;
  from: number;
  /** Absent: it goes on. */
  to?: number | undefined;
  bytes?: number;
  more: string;
}

function print(out: Terminal, recording: RecordingAnswer): void {
  const { camera, state, why, keep_ms: keepMs, bytes, ranges, gaps, protections, history } = recording;
  const reason = why?.text ? `: ${printable(why.text)}` : '';
  out.print(`${out.paint(camera, 'strong')} ${printable(state)}${reason}; kept for ${spanText(keepMs)}`);
  if (history) out.print(`nothing from before ${timeOf(history.from)} is told: ${printable(history.why?.text)}`);
  const rows: Row[] = [
    ...ranges.map(({ source, ...range }) => ({ ...range, what: 'recorded', more: `source ${source}` })),
    ...gaps.map(({ why: cause, ...gap }) => ({ ...gap, what: 'missing', more: cause?.text ?? 'nobody told why' })),
    ...protections.map(({ holder, name, by, by_name: called = by, from, to }) => ({
      ...{ what: 'kept', from, to },
      more: name === undefined ? `for ${holder}` : printable(`${name} (${called}, ${holder})`),
    })),
  ].sort((a, b) => a.from - b.from);
  if (ranges.length === 0)
    out.print(`nothing is recorded between ${timeOf(recording.from)} and ${timeOf(recording.to)}`);
  if (rows.length === 0) return;
  out.print(
    table(
      rows,
      [
        { heading: 'WHAT', cell: ({ what }) => what },
        { heading: 'FROM', cell: ({ from }) => timeOf(from) },
        { heading: 'TO', cell: ({ to }) => (to === undefined ? 'it goes on' : timeOf(to)) },
        { heading: 'LENGTH', right: true, cell: ({ from, to }) => (to === undefined ? '' : spanText(to - from)) },
        { heading: 'SIZE', right: true, cell: (row) => (row.bytes === undefined ? '' : sizeText(row.bytes)) },
        { heading: 'MORE', cell: ({ more }) => more },
      ],
      out.columns,
    ),
  );
  if (ranges.length > 0) out.print(`${sizeText(bytes)} in all; as a file: signalbox recording get ${camera} FROM TO`);
}

/** A moment that `recording get` takes as it stands. */
const timeOf = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
