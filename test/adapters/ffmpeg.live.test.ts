import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type FfmpegTask, runFfmpeg } from '../../adapters/ffmpeg.ts';
import { findProgram } from '../../infra/binaries.ts';

describe('a run of FFmpeg', () => {
  const task = (folder: string, onEnd: (detail: string) => void): FfmpegTask => ({
    ...{
      program: findProgram('ffmpeg'),
      inputFormat: 'h264',
      inputOptions: [],
      outputFormat: 'null',
      outputOptions: [],
    },
    ...{ folder, onOutput: () => {}, onLine: () => {}, onEnd },
  });

  it('tells that it could not be started where its folder is gone, and ends nothing else', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'sbx-ffmpeg-'));
    const ended = new Promise<string>((resolve) => runFfmpeg(task(folder, resolve)));
    // The wrapper asks the program for its formats first.
    rmSync(folder, { recursive: true });
    expect(await ended).to.match(/spawn nice ENOENT/);
  });

  it('that was killed before it was there starts nothing in a folder that is gone', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'sbx-ffmpeg-'));
    let told = 0;
    const killed = runFfmpeg(task(folder, () => told++));
    killed.kill();
    rmSync(folder, { recursive: true });
    const next = mkdtempSync(path.join(os.tmpdir(), 'sbx-ffmpeg-'));
    // Begun later, it is over later.
    await new Promise<string>((resolve) => runFfmpeg(task(next, resolve)).end());
    rmSync(next, { recursive: true });
    expect([told, existsSync(folder)]).to.deep.equal([0, false]);
  });
});
