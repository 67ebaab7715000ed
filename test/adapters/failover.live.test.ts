import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { ProgramSwitchers } from '../../adapters/program.switcher.ts';
import { createSlates } from '../../adapters/slate.ffmpeg.ts';
import { findProgram } from '../../infra/binaries.ts';
import type { Picture } from '../../infra/demo/picture.ts';
import type { Held, MeasureReport } from '../../machines/slots.ts';
import { startCamera, startH265Camera } from '../fixtures/camera.ts';
import { startMediamtx, type TestMediamtx } from '../fixtures/mediamtx.ts';
import { freeze, type Running, until } from '../fixtures/process.ts';
import { type ProgramReader, readProgram } from '../fixtures/program-reader.ts';
import { startRubbish, startSpoilableWay } from '../fixtures/rubbish.ts';
import { listen, startSwitcher, type TestSwitcher } from '../fixtures/switcher.ts';

/** Later than the longest gap so far by this is late. */
const LATE_MS = 85;
/** What a busy machine adds; the aims themselves are measured by the `failover` bench. */
const BUSY_MS = 300;
/** Far below the two seconds that a wait for the next key frame may take. */
const ENDED_GAP_MS = 400;

describe('a camera with a backup', function () {
  this.timeout(60_000);
  let cameras: TestMediamtx;
  let intake: TestMediamtx;
  let relay: TestMediamtx;
  let switcher: TestSwitcher;
  let gateway: ProgramSwitchers;
  /** Sources that are read elsewhere than at the intake, by camera and id. */
  const elsewhere = new Map<string, string>();
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-slates-'));
  const running = new Map<string, Running>();
  const readers: ProgramReader[] = [];
  const held: Held[] = [];

  before(async () => {
    [cameras, intake, relay, switcher] = await Promise.all([
      startMediamtx(),
      startMediamtx(),
      startMediamtx(),
      startSwitcher(),
    ]);
    const slates = createSlates({
      ffmpeg: findProgram('ffmpeg'),
      folder,
      trouble: (...told) => expect.fail(`${told}`),
    });
    gateway = switcher.gateway({
      sourceUrl: (id, source) => elsewhere.get(`${id} ${source}`) ?? intake.rtsp(`in/${id}/${source}`),
      outputs: (id) => [{ relay: 'relay-1', url: relay.rtsp(id) }],
      slate: slates.clip,
    });
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    for (const one of held.splice(0)) one.release();
    await Promise.all([...running.values()].map((one) => one.stop()));
    running.clear();
  });
  after(async () => {
    await Promise.all([cameras.close(), intake.close(), relay.close(), switcher.close()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts a source of a camera and has the intake pull it, as a gateway does when it answers. */
  const plug = async (camera: string, source: string, picture: Partial<Picture> = {}) => {
    const name = `${camera}_${source}`;
    running.set(name, startCamera(cameras.rtsp(name), { color: source === '0' ? 'orange' : 'blue', ...picture }));
    await pull(camera, source);
  };
  const pull = async (camera: string, source: string) => {
    const name = `${camera}_${source}`;
    await until(name, async () => (await cameras.api('GET', `/v3/paths/get/${name}`)).available);
    await intake.api('DELETE', `/v3/config/paths/delete/in/${camera}/${source}`).catch(() => {});
    const settings = { source: cameras.rtsp(name), rtspTransport: 'tcp' };
    await intake.api('POST', `/v3/config/paths/add/in/${camera}/${source}`, settings);
  };
  const source = (camera: string, id: string) => running.get(`${camera}_${id}`) ?? expect.fail(`no source ${id}`);

  /** A camera whose first source is on, read by a client, with the second one armed. */
  const watch = async (camera: string, armed: string[] = ['1'], silentMs = 900) => {
    const ears = listen();
    const first = ears.next('program.switched');
    const ready = ears.next('source.flowing');
    gateway.selection({ camera, source: '0', how: 'at-once', armed }, () => {});
    held.push(gateway.slot({ camera, name: camera, sources: ['0', ...armed], silentMs }, ears.report));
    expect((await first).event).to.include({ source: '0', from: '', trigger: 'first' });
    await ready;
    const reader = await readProgram(relay.rtsp(camera));
    readers.push(reader);
    await until('pictures', () => reader.packets.length > 100);
    return { ears, reader };
  };
  const flows = async (reader: ProgramReader, pictures = 40) => {
    const from = reader.packets.length;
    await until('more pictures', () => reader.packets.slice(from).filter((one) => one.newPicture).length >= pictures);
  };

  it('goes on with it when it is killed, for every reader and without a break in the stream', async () => {
    await Promise.all([plug('kill', '0'), plug('kill', '1', { width: 320, height: 180, fps: 15 })]);
    const { ears, reader } = await watch('kill');
    await until('the backup to flow', () => ears.heard.some(({ event }) => 'source' in event && event.source === '1'));
    const switched = ears.next('program.switched');
    const killedAt = performance.now();
    await source('kill', '0').stop();
    const { event } = await switched;
    expect(event).to.include({ source: '1', from: '0', trigger: 'ended' });
    await flows(reader);
    expect(reader.gapMs(killedAt)).to.be.below(ENDED_GAP_MS);
    expect(event.gap_ms).to.be.below(ENDED_GAP_MS);
    expect(reader.packets.at(-1)?.size).to.equal('320x180');
    expect(reader.packets.find(({ size }) => size === '320x180')?.keyStart, 'begins with a key frame').to.equal(true);
    expect(reader.faults()).to.deep.equal([]);
    expect(reader.dropped()).to.equal(undefined);
  });

  it('goes on with it when it falls silent, and comes back without losing a picture', async () => {
    await Promise.all([plug('mute', '0'), plug('mute', '1', { width: 320, height: 180 })]);
    const { ears, reader } = await watch('mute');
    await flows(reader, 90);
    const own = reader.gapMs(0);
    let switched = ears.next('program.switched');
    const silent = ears.next('source.silent');
    const stoppedAt = performance.now();
    await freeze(source('mute', '0'));
    expect((await switched).event).to.include({ source: '1', trigger: 'silent' });
    await flows(reader);
    expect(reader.gapMs(stoppedAt), `its own gaps were ${Math.round(own)} ms`).to.be.below(own + LATE_MS + BUSY_MS);

    // The backup's stored pictures come at once: they say nothing of how long it has been silent.
    await silent;
    const flowing = ears.next('source.flowing');
    source('mute', '0').child.kill('SIGCONT');
    await flowing;
    await flows(reader, 20);
    switched = ears.next('program.switched');
    const orderedAt = performance.now();
    gateway.selection({ camera: 'mute', source: '0', how: 'clean', armed: ['1'] }, () => {});
    expect((await switched).event).to.include({ source: '0', from: '1', trigger: 'ordered', how: 'clean' });
    await flows(reader);
    expect(reader.gapMs(orderedAt)).to.be.below(300);
    expect(reader.packets.at(-1)?.size).to.equal('640x360');
    expect(reader.faults()).to.deep.equal([]);
  });

  it('goes on with it when it falls silent though it had only begun, instead of waiting until it has shown its pace', async () => {
    // At two pictures a second that takes more than seven seconds.
    await Promise.all([plug('young', '0', { fps: 2 }), plug('young', '1', { width: 320, height: 180 })]);
    const { ears, reader } = await watch('young');
    await until('the backup to flow', () => ears.heard.some(({ event }) => 'source' in event && event.source === '1'));
    const switched = ears.next('program.switched');
    const stoppedAt = performance.now();
    await freeze(source('young', '0'));
    expect((await switched).event).to.include({ source: '1', trigger: 'silent' });
    await flows(reader);
    expect(reader.gapMs(stoppedAt), 'as after any silence').to.be.below(900 + LATE_MS + BUSY_MS);
    expect(reader.faults()).to.deep.equal([]);
    source('young', '0').child.kill('SIGCONT');
  });

  it('shows a slate when both are dead, drops nobody, and is back with the first of them', async () => {
    await Promise.all([plug('dead', '0'), plug('dead', '1')]);
    const { ears, reader } = await watch('dead', ['1'], 300);
    await flows(reader, 30);
    const holding = ears.next('program.holding');
    await Promise.all(['0', '1'].map((id) => source('dead', id).stop()));
    expect((await holding).event.trigger).to.equal('ended');
    const heldAt = performance.now();
    await flows(reader, 6);
    expect(reader.gapMs(heldAt), 'a few pictures a second').to.be.below(400);
    expect(ears.heard.filter(({ event }) => event.type === 'source.flowing' && event.source === 'slate')).to.deep.equal(
      [],
    );
    const switched = ears.next('program.switched');
    await plug('dead', '1');
    expect((await switched).event).to.include({ source: '1', from: 'slate' });
    await flows(reader);
    expect(reader.faults()).to.deep.equal([]);
    expect(reader.dropped()).to.equal(undefined);
  });

  it('goes on without sound when the backup has none, and has it again after the way back', async () => {
    await Promise.all([plug('loud', '0', { audio: 'pcm_alaw', fps: 10 }), plug('loud', '1')]);
    const { ears, reader } = await watch('loud');
    await until('sound', () => reader.audio() > 10);
    const told = await until('what is lost with the backup, before it is needed', () =>
      ears.heard.find(({ event }) => event.type === 'source.flowing' && event.source === '1' && event.detail),
    );
    expect(told.event).to.include({ detail: 'it has no sound, while the program has G.711 A-law' });
    const sounds = async () => {
      const heard: MeasureReport[] = [];
      const held = gateway.measure({ camera: 'loud' }, (report) => heard.push(report));
      const report = await until('a measurement', () => heard[0], 12_000);
      held.release();
      return report.type === 'program.measured' && report.audio;
    };
    expect(await sounds()).to.equal(true);
    const switched = ears.next('program.switched');
    const killedAt = performance.now();
    await source('loud', '0').stop();
    await switched;
    const quiet = reader.audio();
    await flows(reader);
    expect(reader.gapMs(killedAt)).to.be.below(ENDED_GAP_MS);
    expect(reader.audio() - quiet, 'packets that were on their way').to.be.below(10);
    expect(await sounds(), 'a ladder is not to wait for it').to.equal(false);
    const back = ears.next('source.flowing');
    await plug('loud', '0', { audio: 'pcm_alaw', fps: 10 });
    await back;
    gateway.selection({ camera: 'loud', source: '0', how: 'clean', armed: ['1'] }, () => {});
    const before = reader.audio();
    await until('sound again', () => reader.audio() > before + 20);
    expect(reader.faults()).to.deep.equal([]);
    expect(reader.dropped()).to.equal(undefined);
  });

  it('sets a backup of another codec aside, and takes it only when nothing else is left', async () => {
    await plug('other', '0');
    running.set('other_1', startH265Camera(cameras.rtsp('other_1')));
    await pull('other', '1');
    const { ears } = await watch('other');
    const aside = await until('it to be set aside', () =>
      ears.heard.find(({ event }) => event.type === 'source.aside' && event.source === '1'),
    );
    expect(aside.event).to.include({ reason: 'codec' });
    const holding = ears.next('program.holding');
    const switched = ears.next('program.switched');
    await source('other', '0').stop();
    await holding;
    expect((await switched).event).to.include({ source: '1', from: 'slate' });
    await until('the program to be published anew, with its picture', async () => {
      const reader = await readProgram(relay.rtsp('other'));
      readers.push(reader);
      await until('a picture', () => reader.packets.length > 5 || reader.dropped() !== undefined);
      return reader.packets.at(-1)?.size === '320x180';
    });
  });

  it('goes on with one whose key frames are too far apart to be kept at the next of them, in the same stream', async () => {
    await Promise.all([plug('rare', '0'), plug('rare', '1', { width: 320, height: 180, gopSeconds: 16 })]);
    const { ears, reader } = await watch('rare');
    const isAside = () => ears.heard.find(({ event }) => event.type === 'source.aside' && event.source === '1');
    expect((await until('it to be set aside', isAside)).event).to.include({ reason: 'long-gop' });
    // So its camera does.
    gateway.selection({ camera: 'rare', source: '0', how: 'at-once', armed: [] }, () => {});
    const holding = ears.next('program.holding');
    const switched = ears.next('program.switched');
    const killedAt = performance.now();
    await source('rare', '0').stop();
    await holding;
    expect((await switched).event).to.include({ source: '1', from: 'slate' });
    await flows(reader);
    expect(reader.packets.find(({ size }) => size === '320x180')?.keyStart, 'begins with a key frame').to.equal(true);
    expect(reader.gapMs(killedAt), 'the slate until then').to.be.below(ENDED_GAP_MS);
    expect(reader.faults()).to.deep.equal([]);
    expect(reader.dropped()).to.equal(undefined);
  });

  it('is fed by the chosen source again at once when the switcher is killed', async () => {
    await Promise.all([plug('again', '0'), plug('again', '1', { width: 320, height: 180 })]);
    const { ears } = await watch('again');
    const ordered = ears.next('program.switched');
    gateway.selection({ camera: 'again', source: '1', how: 'clean', armed: ['0'] }, () => {});
    await ordered;
    const first = ears.next('program.switched');
    await switcher.kill();
    await switcher.start();
    expect((await first).event).to.include({ source: '1', from: '', trigger: 'first' });
  });

  it('is not left for one that sends rubbish, and says of that one why: the slate stays', async () => {
    const rubbish = await startRubbish();
    elsewhere.set('noise 1', `rtsp://127.0.0.1:${rubbish.port}/x`);
    await plug('noise', '0');
    const { ears, reader } = await watch('noise');
    const aside = await until('the other one to be set aside', () =>
      ears.heard.find(({ event }) => event.type === 'source.aside' && event.source === '1'),
    );
    expect(aside.event).to.include({ reason: 'unreadable', detail: 'what it sends is no H264' });
    const holding = ears.next('program.holding');
    const killedAt = performance.now();
    await source('noise', '0').stop();
    await holding;
    // Five seconds of the slate: after two, a program is published anew for whatever there is.
    await flows(reader, 25);
    expect(reader.gapMs(killedAt), 'a few pictures a second').to.be.below(ENDED_GAP_MS);
    expect(ears.heard.filter(({ event }) => event.type === 'program.switched')).to.have.length(1);
    expect(reader.faults()).to.deep.equal([]);
    expect(reader.dropped()).to.equal(undefined);
    rubbish.close();
  });

  it('goes on with it when it begins to send rubbish, and says so', async () => {
    const way = await startSpoilableWay(Number(new URL(intake.rtsp('x')).port));
    const spoilable = new URL(intake.rtsp('in/spoilt/0'));
    spoilable.port = String(way.port);
    elsewhere.set('spoilt 0', spoilable.href);
    await Promise.all([plug('spoilt', '0'), plug('spoilt', '1', { width: 320, height: 180 })]);
    const { ears, reader } = await watch('spoilt');
    await flows(reader, 90);
    const switched = ears.next('program.switched');
    const aside = ears.next('source.aside');
    const spoiltAt = performance.now();
    way.spoil();
    expect((await switched).event).to.include({ source: '1', from: '0', trigger: 'unreadable' });
    expect((await aside).event).to.include({ source: '0', reason: 'unreadable' });
    await flows(reader);
    // Below the silence for which the slate would be shown.
    expect((await switched).atMs - spoiltAt).to.be.below(900 + BUSY_MS);
    expect(reader.gapMs(spoiltAt)).to.be.below(900 + BUSY_MS);
    expect(reader.packets.at(-1)?.size).to.equal('320x180');
    expect(reader.dropped()).to.equal(undefined);
    way.close();
  });
});
