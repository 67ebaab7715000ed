import type { Command } from 'commander';
import { devicesAnswer } from './answers.ts';
import { type CommonOptions, reach } from './reach.ts';
import { request } from './request.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `signalbox camera find`: the ONVIF cameras in the networks where the configuration permits to look. */
export function cameraFindCommand(command: Command, out: Terminal): void {
  command
    .description('look for ONVIF cameras, where discovery.on of the configuration permits it')
    .action(async (options: CommonOptions) => {
      const answer = await request(out, reach(options, out), 'POST', '/api/v1/devices/find', {});
      if (options.json) return out.printJson(answer);
      const { items } = devicesAnswer.parse(answer);
      if (items.length === 0) {
        return out.print(
          'no camera answered; is ONVIF switched on there, and are they in the network of discovery.on?',
        );
      }
      out.print(
        table(
          items,
          [
            { heading: 'FROM', cell: ({ from }) => from ?? '' },
            { heading: 'NAME', cell: ({ name }) => name ?? '' },
            { heading: 'MODEL', cell: ({ hardware }) => hardware ?? '' },
            { heading: 'CAMERA', cell: ({ cameras = [] }) => cameras.join(' ') },
            { heading: 'ADDRESS', cell: ({ url }) => url },
          ],
          out.columns,
        ),
      );
    });
}
