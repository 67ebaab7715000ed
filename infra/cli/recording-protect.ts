import type { Command } from 'commander';
import { spanText } from '../config/durations.ts';
import { sizeText } from '../config/sizes.ts';
import { bookmarkAnswer } from './answers.ts';
import { checkedId } from './camera.ts';
import { type CommonOptions, reach } from './reach.ts';
import { pastWindow } from './recording-window.ts';
import { request } from './request.ts';
import { misused, printable, type Terminal } from './terminal.ts';

/** `signalbox recording protect`: keeps a stretch of the past from retention, under a name. */
export function recordingProtectCommand(command: Command, out: Terminal): void {
  command
    .description('keep what a camera showed between two moments, under a name: retention never touches it')
    .argument('<camera>', 'its id')
    .argument('<from>', 'what a clock here showed last (14:03), a moment (2026-01-31T14:03Z), or a time back (2h)')
    .argument('<to>', 'likewise')
    .requiredOption('--name <TEXT>', 'what it is, for whoever finds it later')
    .action(async (camera: string, from: string, to: string, options: CommonOptions & { name: string }) => {
      checkedId(camera);
      const window = pastWindow(from, to, Date.now());
      if (options.name.trim() === '') throw misused('--name: say what it is, such as "Theft at the gate"');
      const body = { ...window, name: options.name };
      const answer = await request(out, reach(options, out), 'POST', `/api/v1/recordings/${camera}/bookmarks`, body);
      if (options.json) return out.printJson(answer);
      const { id, name, bytes, ...kept } = bookmarkAnswer.parse(answer);
      const begin = new Date(kept.from).toISOString();
      const stretch = `${spanText(kept.to - kept.from)} of ${camera} from ${begin} on`;
      out.print(`${printable(name)}: ${stretch} kept, ${sizeText(bytes)}, as ${id}`);
      if (bytes === 0) out.note('nothing was recorded then, as far as this gateway knows');
    });
}

/** `signalbox recording unprotect`: lets go of such a stretch. */
export function recordingUnprotectCommand(command: Command, out: Terminal): void {
  command
    .description('let go of a stretch that was kept: it goes with the rest, when it is old')
    .argument('<camera>', 'its id')
    .argument('<id>', 'the id that `recording list` shows, such as keep_…')
    .action(async (camera: string, bookmark: string, options: CommonOptions) => {
      checkedId(camera);
      const route = `/api/v1/recordings/${camera}/bookmarks/${encodeURIComponent(bookmark)}`;
      await request(out, reach(options, out), 'DELETE', route);
      if (options.json) out.printJson({ camera, id: bookmark, protected: false });
      else out.print(`${bookmark} of ${camera} is kept no longer than the rest`);
    });
}
