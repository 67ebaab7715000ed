import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { createLadders } from '../../adapters/ladder.ffmpeg.ts';
import type { RelayPaths } from '../../adapters/mediamtx/relay-paths.ts';
import { box } from '../../adapters/recordings/boxes.ts';
import type { Measured } from '../../bus/events/rendition.ts';
import { findProgram } from '../../infra/binaries.ts';
import { planLadder, rungsNamed } from '../../machines/policy/ladder.ts';
import type { LadderReport } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

/** What FFmpeg writes at the least: units a second, and a time in them. */
const INIT = box(
  'moov',
  box('trak', box('mdia', box('mdhd', Buffer.from('000000000000000000000000000003e800000000', 'hex')))),
);
const PIECE = Buffer.concat([
  box('moof', box('traf', box('tfdt', Buffer.alloc(8)))),
  box('mdat', Buffer.from('media')),
]);
const printed = (bytes: Buffer) => [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/** Writes a first piece of the copied rung as FFmpeg would, two seconds long. */
const segment = (content: Buffer) => `
start=$(printf '%s' "$*" | sed 's/.*hls_fmp4_init_filename=480p_\\([0-9]*\\)\\.mp4.*/\\1/')
cd pieces
printf '${printed(INIT)}' > "480p_$start.mp4"
printf '${printed(content)}' > 480p_0.m4s
printf '#EXTM3U\\n#EXT-X-MAP:URI="480p_%s.mp4"\\n#EXTINF:2.000000,\\n480p_0.m4s\\n' "$start" > 480p.m3u8
`;
const tells = (lines: string) => `while :; do ${lines}; sleep 0.05; done`;
const PACKET = "echo '0, 0, 0, 1, 100, 0x1'";

const measured: Measured = {
  ...{ codec: 'h264', width: 640, height: 480, fps: 25, gop_ms: 2_000 },
  ...{ reordered: false, bitrate_bps: 900_000, audio: false },
};
const { rungs } = planLadder(measured, rungsNamed(['480p']));

describe('a ladder whose FFmpeg is in trouble', function () {
  this.timeout(20_000);
  let folder: string;
  let release = (): void => {};

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-ladder-'));
  });
  afterEach(() => {
    release();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a ladder with a script in FFmpeg's place, until it ends. */
  async function end(script: string, more: { stalledMs?: number; mostMemoryBytes?: number } = {}) {
    const program = path.join(folder, 'ffmpeg');
    // The wrapper first asks what it can do; the real one answers that.
    const real = findProgram('ffmpeg');
    writeFileSync(program, `#!/bin/sh\ncase "$*" in *tee*) ;; *) exec '${real}' "$@";; esac\n${script}\n`);
    chmodSync(program, 0o755);
    const paths = { want() {}, drop() {} } as unknown as RelayPaths;
    const { stalledMs = 5_000, ...options } = more;
    const ladder = createLadders({
      ...{ ffmpeg: program, folder: path.join(folder, 'hls'), sockets: path.join(folder, 'run'), ...options },
      relays: [{ paths, urlOf: () => 'rtsp://127.0.0.1:1/cam_001?token=secret', feeds: true }],
    });
    const reports: LadderReport[] = [];
    const input = { camera: 'cam_001', rungs, audio: false, fps: 25, gopMs: 2_000, stalledMs };
    ({ release } = ladder(input, (report) => reports.push(report)));
    await until('its end', () => reports.at(-1)?.type === 'ladder.ended', 15_000);
    return { ended: reports.at(-1), flowed: reports.length > 1 };
  }

  it('tells a full disk by an empty segment, though FFmpeg goes on and says nothing', async () => {
    const { ended } = await end(segment(Buffer.alloc(0)) + tells(PACKET));
    expect(ended).to.include({ reason: 'disk', detail: '480p_0.m4s is empty' });
  });

  it('tells a full disk by FFmpeg’s own words too', async () => {
    const { ended } = await end('echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1');
    expect(ended).to.include({ reason: 'disk' });
  });

  it('kills one that takes more and more memory', async () => {
    const eater = `exec '${process.execPath}' -e 'const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 20)'`;
    const { ended } = await end(eater, { mostMemoryBytes: 200 * 2 ** 20 });
    expect(ended).to.include({ reason: 'memory' });
    expect(ended)
      .to.have.property('detail')
      .that.matches(/^[2-9]\d\d MB$/);
  });

  it('tells one that exits with its last words, and never with a token', async () => {
    const { ended } = await end('echo "rtsp://127.0.0.1/x?token=eyJsecret: Invalid data" >&2; exit 1');
    expect(ended).to.include({ reason: 'source' });
    expect(JSON.stringify(ended)).to.contain('token=…').and.not.contain('eyJ');
    expect((await end('echo "Conversion failed!" >&2; exit 1')).ended).to.include({ reason: 'exited' });
  });

  it('tells one that hangs in mid-stream', async () => {
    const { ended, flowed } = await end(`${segment(PIECE)}${PACKET}; sleep 60`, { stalledMs: 600 });
    expect(flowed).to.equal(true);
    expect(ended).to.include({ reason: 'stalled' });
  });
});
