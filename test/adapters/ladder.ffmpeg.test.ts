import { expect } from 'chai';
import { ladderOutput } from '../../adapters/ladder.ffmpeg/arguments.ts';
import type { Measured } from '../../bus/events/rendition.ts';
import { planLadder, rungsNamed } from '../../machines/policy/ladder.ts';

const measured: Measured = {
  ...{ codec: 'h264', width: 640, height: 480, fps: 25, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 900_000, audio: false },
};

describe('what a ladder’s FFmpeg is told to make', () => {
  const making = (source: Measured, names: string[], audio = false) => {
    const { rungs: planned } = planLadder(source, rungsNamed(names));
    const socket = (rung: string) => `/run/${rung}.sock`;
    return ladderOutput({ rungs: planned, audio, fps: source.fps, gopMs: source.gop_ms, startedMs: 1, socket });
  };
  const text = ({ options, target }: ReturnType<typeof making>) => `${options.join(' ')} ${target}`;

  it('encodes every rung of a source with B-frames, and copies the top one otherwise', () => {
    expect(text(making(measured, ['480p', '360p'])))
      .to.contain('-c:v:0 copy')
      .and.contain('-c:v:1 libx264');
    const reordered = text(making({ ...measured, reordered: true }, ['480p', '360p']));
    expect(reordered).to.not.match(/-c:v:\d copy/);
    expect(reordered).to.contain('-force_key_frames:v:1 expr:gte(t,n_forced*0.5)');
  });

  it('makes no sound of a source that has none, and AAC of whatever it has', () => {
    expect(text(making(measured, ['480p']))).to.not.contain('0:a');
    expect(text(making(measured, ['480p'], true)))
      .to.contain('-map 0:a:0 -c:a aac')
      .and.contain('audio.m3u8');
  });

  it('gives encoded rungs two key frames a second at least, evenly between the source’s own', () => {
    for (const [gop_ms, frames] of [
      [2_000, 13],
      [1_920, 12],
      [1_500, 13],
      [1_050, 9],
      [1_000, 13],
      [500, 13],
    ] as const) {
      expect(text(making({ ...measured, gop_ms }, ['480p', '360p']))).to.contain(`-g:v:1 ${frames} `);
    }
  });
});
