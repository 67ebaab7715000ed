import type { Command } from 'commander';
import { cameraAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

/** `signalbox camera source`: shows how the sources of a camera stand, or chooses the one that is shown. */
export function cameraSourceCommand(command: Command, out: Terminal): void {
  command
    .description('show the sources of a camera, or choose the one that its viewers see')
    .argument('<id>', 'the id of the camera')
    .argument('[source]', 'the id of the source, or auto: as the camera’s rules say')
    .action(async (camera: string, source: string | undefined, options: CommonOptions) => {
      checkedId(camera);
      const to = reach(options, out);
      const at = `/api/v1/cameras/${camera}`;
      if (source !== undefined) {
        const answer = await request(out, to, 'POST', `${at}/source`, { source });
        if (options.json) return out.printJson(answer);
        const text = source === 'auto' ? 'goes by its rules again' : `goes to source ${source} at its next key frame`;
        return out.print(`${camera} ${text}`);
      }
      const answer = await request(out, to, 'GET', at);
      if (options.json) return out.printJson(answer);
      const { sources = [], active_source, active_why, why } = cameraAnswer.parse(answer);
      out.print(
        table(
          sources,
          [
            { heading: 'SOURCE', cell: ({ id }) => id },
            { heading: 'SHOWN', cell: ({ id }) => (id === active_source ? 'yes' : '') },
            { heading: 'STATE', cell: ({ state }) => state ?? '' },
            { heading: 'WHY', cell: ({ why: reason }) => reason?.text ?? '' },
          ],
          out.columns,
        ),
      );
      for (const text of new Set([why?.text, active_why?.text])) if (text) out.print(printable(text));
    });
}
