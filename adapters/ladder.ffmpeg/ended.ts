import type { LastWords } from '../ffmpeg.ts';

/** Why an FFmpeg that works on a program ended, by what it said last. */
export type EndedFor = 'disk' | 'relay' | 'source' | 'exited';

function reasonOf(said: string): EndedFor {
  if (/No space left on device/i.test(said)) return 'disk';
  if (/unix:|Slave muxer/i.test(said)) return 'relay';
  if (/rtsp|Impossible to open|Connection (refused|timed out)|pipe:0/i.test(said)) return 'source';
  return 'exited';
}

/** The end of a run, and its likely cause. @param detail what is known of it besides its words */
export const endedBy = (words: LastWords, detail: string): { reason: EndedFor; detail: string } => ({
  reason: reasonOf(words.said('')),
  detail: words.said(detail),
});
