import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { startTestGroup, type TestGroup } from '../fixtures/group.ts';
import { run, until } from '../fixtures/process.ts';
import { type Site, startSite } from '../fixtures/site.ts';

const README = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');

/** The table of the README under a heading: who it is for, and how. */
function rowsUnder(heading: string): Map<string, string> {
  const section = README.split(`## ${heading}\n`)[1]?.split('\n## ')[0]?.split('\n### ')[0] ?? '';
  const lines = section.split('\n').filter((line) => /^\| (?!with )/.test(line));
  return new Map(
    lines.map((line) => {
      const [who = '', how = ''] = line.slice(2, -2).split(/ (?<!\\)\| /);
      return [who, how.replaceAll('\\|', '|')];
    }),
  );
}

/** Each line of the table is tried as it is written, with the program it names or another one of the same protocol. */
describe('the addresses that the README gives', function () {
  this.timeout(60_000);
  const rows = new Map([...rowsUnder('Integrating'), ...rowsUnder('Watching without our page')]);
  let site: Site;
  let group: TestGroup;
  let token: string;

  before(async () => {
    site = await startSite(['cam_001'], {}, { width: 640, height: 480 });
    group = await startTestGroup({ cameras: site.cameras() });
    token = group.token({ sub: 'lan', role: 'viewer' });
    const events = group.follow(0);
    await events.next('camera.live', 'camera/cam_001', 0, 30_000).finally(() => events.close());
  });
  after(async () => {
    await group?.stop();
    await site?.close();
  });

  const howFor = (who: RegExp): string => {
    const found = [...rows].find(([name]) => who.test(name));
    if (!found) throw new Error(`the README has no line for ${who}; it has ${[...rows.keys()].join('; ')}`);
    return found[1].replaceAll('http://127.0.0.1:8080', group.url);
  };
  /** The commands of a line, as a shell takes them. */
  const commandsOf = (how: string): string[] =>
    [...how.matchAll(/`((?:curl|ffplay) [^`]+)`/g)].map(([, one = '']) => one);
  const shell = (command: string, timeoutMs = 30_000) =>
    spawnSync('bash', ['-c', command], {
      ...{ encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL' },
      env: { ...process.env, TOKEN: token },
    });
  /** The address that a line leads to: its route, and the member of the answer that it names. */
  const addressIn = async (how: string): Promise<string> => {
    const route = /\/live\/cam_001\/[a-z0-9?=_]+/.exec(how)?.[0] ?? '';
    const { body, status } = await group.api('GET', route, undefined, token);
    expect(status, route).to.equal(200);
    const [, member = `${/cam_001\/([a-z]+)/.exec(route)?.[1]}_url`] = /`?\.([a-z]+_url)/.exec(how) ?? [];
    return body[member];
  };
  const codecsAt = (address: string, entry = 'codec_name'): string =>
    spawnSync('ffprobe', ['-v', 'error', '-show_entries', `stream=${entry}`, '-of', 'csv=p=0', address], {
      ...{ encoding: 'utf8', timeout: 30_000 },
    }).stdout.trim();

  it('play in ffplay over RTSP, by the very command', async () => {
    const [command = ''] = commandsOf(howFor(/VLC, ffplay/));
    const player = run('/bin/bash', ['-c', `exec ${command.replace('ffplay ', 'ffplay -hide_banner -stats ')}`], {
      env: { ...process.env, TOKEN: token, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' },
    });
    try {
      // Its clock of the picture runs, measured against the time that it has played.
      await until('ffplay to play two seconds', () => /\b[2-9]\.\d\d M-V:/.test(player.output()), 30_000);
      expect(player.output()).to.match(/Video: h264/);
    } finally {
      await player.stop('SIGKILL');
    }
  });

  it('give ffmpeg’s own readers and srt-live-transmit the picture over SRT', async () => {
    const how = howFor(/over SRT/);
    expect(codecsAt(await addressIn(how))).to.include('h264');
    const reader = run('/usr/bin/srt-live-transmit', ['-q', await addressIn(how), `file://con`], {});
    try {
      await until('srt-live-transmit to write', () => reader.output().length > 50_000, 20_000);
    } finally {
      await reader.stop('SIGKILL');
    }
  });

  it('lead to a lower rung, over RTSP and SRT, where one is asked for', async () => {
    for (const protocol of ['rtsp', 'srt']) {
      const { body } = await group.api('GET', `/live/cam_001/${protocol}?quality=360p`, undefined, token);
      expect(body.quality, JSON.stringify(body)).to.equal('360p');
      expect(codecsAt(body[`${protocol}_url`], 'height'), protocol).to.include('360');
    }
  });

  it('lead players of HLS to the picture, plain and with low latency', async () => {
    for (const who of [/^hls\.js/, /own player/])
      expect(codecsAt(await addressIn(howFor(who))), String(who)).to.include('h264');
  });

  it('tell curl how it is, and what happens', () => {
    const [how = ''] = commandsOf(howFor(/how it is/));
    const { items } = JSON.parse(shell(how).stdout);
    expect(items[0]).to.include({ id: 'cam_001', state: 'live' });
    const [what = ''] = commandsOf(howFor(/what happens/));
    const { stdout } = shell(what.replace('curl ', 'curl -sS --max-time 3 -H "Last-Event-ID: 0" '));
    expect(stdout).to.match(/^data: \{.*signalbox\./m);
  });
});
