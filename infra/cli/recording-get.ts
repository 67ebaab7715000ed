import { rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { spanText } from '../config/durations.ts';
import { sizeText } from '../config/sizes.ts';
import { checkedId } from './camera.ts';
import { fetchTo, unwritable } from './download.ts';
import type { CommonOptions } from './reach.ts';
import { pastWindow } from './recording-window.ts';
import type { Terminal } from './terminal.ts';

/** `signalbox recording get`: a stretch of the past as an MP4 file. */
export function recordingGetCommand(command: Command, out: Terminal): void {
  command
    .description('write what a camera showed between two moments into an MP4 file')
    .argument('<camera>', 'its id')
    .argument('<from>', 'what a clock here showed last (14:03), a moment (2026-01-31T14:03Z), or a time back (2h)')
    .argument('<to>', 'likewise')
    .option('-o, --out <FILE>', 'the file to write; default: CAMERA-MOMENT.mp4 in this folder')
    .action(async (camera: string, from: string, to: string, options: CommonOptions & { out?: string }) => {
      checkedId(camera);
      const window = pastWindow(from, to, Date.now());
      const stamp = new Date(window.from)
        .toISOString()
        .replace(/\.\d+Z$/, 'Z')
        .replaceAll(':', '');
      const file = options.out ?? `${camera}-${stamp}.mp4`;
      const unfinished = `${file}.part`;
      try {
        const route = `/recordings/${camera}/export.mp4?from=${window.from}&to=${window.to}`;
        const { headers, bytes } = await fetchTo(unfinished, out, options, { route, what: file });
        await rename(unfinished, file);
        const told = (name: string) => Number(headers.get(`x-signalbox-${name}`));
        const got = { from: told('from'), to: told('to'), bytes, left_out: told('left-out') };
        if (options.json) return out.printJson({ file, camera, ...got });
        const begin = new Date(got.from).toISOString();
        out.print(`${file}: ${spanText(got.to - got.from)} of ${camera} from ${begin} on, ${sizeText(bytes)}`);
        if (got.left_out > 0) {
          out.note(
            `${got.left_out} pieces of another size or codec can't stand in the same file: get their time apart`,
          );
        }
      } catch (error) {
        throw unwritable(file, error);
      } finally {
        await rm(unfinished, { force: true });
      }
    });
}
