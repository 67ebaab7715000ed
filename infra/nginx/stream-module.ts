import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * How an nginx has its stream module, by what it says of its own making.
 * @param nginx path of the program
 * @returns the file to load; undefined where it is built in
 * @throws Error where it has none, telling what to install
 */
export function streamModule(nginx: string): string | undefined {
  const { stderr } = spawnSync(nginx, ['-V'], { encoding: 'utf8' });
  const [, dynamic] = /--with-stream(=dynamic)?(?=\s|$)/.exec(stderr) ?? [];
  if (/--with-stream(?=\s|$)/.test(stderr) && dynamic === undefined) return undefined;
  const folder = /--modules-path=(\S+)/.exec(stderr)?.[1] ?? '';
  const file = path.join(folder, 'ngx_stream_module.so');
  if (dynamic !== undefined && existsSync(file)) return file;
  throw new Error(`${nginx} has no stream module, which RTSP needs: install it (Debian: libnginx-mod-stream)`);
}
