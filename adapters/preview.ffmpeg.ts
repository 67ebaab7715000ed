import { runFfmpeg } from './ffmpeg.ts';
import { INPUT_OPTIONS, inputList } from './ladder.ffmpeg/arguments.ts';
import type { Login } from './secrets.files.ts';
import { turnstile } from './turnstile.ts';

/** One picture of a stream that nobody pulls yet. */
export type Preview = (url: string, login: Login | undefined) => Promise<Buffer>;

/** Too many pictures are asked for. */
export class PreviewBusy extends Error {
  override name = 'PreviewBusy';
}

const WIDTH = 640;
const AT_ONCE = 2;
const MOST_WAITING = 8;
/** A camera may have to be waited for until its next key frame. */
const WITHIN_MS = 12_000;

/** The address with its login, as FFmpeg wants it; it goes in on standard input, where no other user sees it. */
function withLogin(url: string, login: Login | undefined): string {
  if (!login) return url;
  return url.replace('://', `://${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`);
}

function take(ffmpeg: string, url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const run = runFfmpeg({
      program: ffmpeg,
      inputFormat: 'concat',
      inputOptions: ['-v warning', '-threads 1', ...INPUT_OPTIONS],
      outputFormat: 'image2pipe',
      outputOptions: ['-an', '-vf', `scale='min(${WIDTH},iw)':-2`, '-c:v mjpeg', '-q:v 5', '-frames:v 1', '-threads 1'],
      onOutput: (chunk) => chunks.push(chunk),
      onLine() {},
      onEnd() {
        clearTimeout(late);
        if (chunks.length > 0) resolve(Buffer.concat(chunks));
        // What FFmpeg says may repeat the address with its password.
        else reject(new Error('it opens, but no picture could be made of what it sends'));
      },
    });
    const late = setTimeout(() => {
      run.kill();
      reject(new Error(`it opens, but sent no picture within ${WITHIN_MS / 1000} seconds`));
    }, WITHIN_MS);
    run.write(Buffer.from(inputList(url)));
    run.end();
  });
}

/** Opens the maker of previews. @param ffmpeg path of FFmpeg */
export function openPreview(ffmpeg: string): Preview {
  const inTurn = turnstile({
    atOnce: AT_ONCE,
    waiting: MOST_WAITING,
    refusal: () => new PreviewBusy('Too many previews are being made.'),
  });
  return (url, login) => inTurn(() => take(ffmpeg, withLogin(url, login)));
}
