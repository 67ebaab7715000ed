import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { alarmKind } from '../../../actors/alarm.ts';
import { broadcastKind } from '../../../actors/broadcast.ts';
import { cameraKind } from '../../../actors/camera.ts';
import { incidentKind } from '../../../actors/incident.ts';
import { ptzKind } from '../../../actors/ptz.ts';
import { recordingKind } from '../../../actors/recording.ts';
import { relayKind } from '../../../actors/relay.ts';
import { renditionKind } from '../../../actors/rendition.ts';
import { Roster } from '../../../actors/roster.ts';
import { soundKind } from '../../../actors/sound.ts';
import { viewerKind } from '../../../actors/viewer.ts';
import { alarmOn } from '../../../adapters/alarm.ts';
import { systemClock } from '../../../adapters/clock.ts';
import { onvifDevices } from '../../../adapters/devices.onvif.ts';
import { createGate } from '../../../adapters/gate.jsonwebtoken.ts';
import { openPathSigner } from '../../../adapters/hls-paths.hmac.ts';
import { openSigningKeys } from '../../../adapters/keys.files.ts';
import { openLayouts } from '../../../adapters/layouts.files.ts';
import { openOnvifThread } from '../../../adapters/onvif/thread.ts';
import { openPasswords } from '../../../adapters/passwords.scrypt.ts';
import { openPeople } from '../../../adapters/people.files.ts';
import { openPreview } from '../../../adapters/preview.ffmpeg.ts';
import { openRecordings } from '../../../adapters/recordings.files.ts';
import { openRevocations } from '../../../adapters/revocations.files.ts';
import { openServiceTokens } from '../../../adapters/service-tokens.files.ts';
import { openThumbnails } from '../../../adapters/thumbnails.ffmpeg.ts';
import { whepMediamtx } from '../../../adapters/whep.mediamtx.ts';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import { connectNats } from '../../../bus/carriers/nats/connection.ts';
import { natsFacts } from '../../../bus/carriers/nats/facts.ts';
import { natsJournal } from '../../../bus/carriers/nats/journal.ts';
import { startPublisher } from '../../../bus/carriers/nats/publisher.ts';
import { openSpool } from '../../../bus/carriers/spool.ts';
import { id } from '../../../bus/identity.ts';
import { openLedgerWriter } from '../../../infra/gateway/ledger-writer.ts';
import { openEmbedCodes } from '../../../infra/http/embed-codes.ts';
import { openLoginLinks } from '../../../infra/http/links.ts';
import { createMetrics } from '../../../infra/http/metrics.ts';
import { buildServer } from '../../../infra/http/server.ts';
import type { Whep } from '../../../infra/http/services.ts';
import { answers, feeds, flows } from '../../fakes/source.ts';

/**
 * The gateway under test, in a process of its own so that its processor time can be told from the client's:
 * real HTTP, tokens, cells and journal; nothing behind the slots. Arguments: nats URL, WHEP port of a relay or 0.
 */
const [natsUrl = '', whepPort = '0'] = process.argv.slice(2);
const state = mkdtempSync(path.join(tmpdir(), 'sbx-bench-'));
process.once('exit', () => rmSync(state, { recursive: true, force: true }));

const link = await connectNats({ servers: [natsUrl], name: 'bench' });
const publisher = startPublisher(link);
const spool = await openSpool({
  journal: natsJournal(link, publisher),
  facts: natsFacts(link, publisher),
  file: path.join(state, 'spool.jsonl'),
});
await spool.drained();

const nothing = () => ({ release() {} });
const alarm = alarmOn(systemClock);
const roster = new Roster({
  node: 'bench',
  journal: spool.journal,
  facts: spool.facts,
  kinds: {
    camera: cameraKind({ probe: nothing, intake: nothing, program: nothing, selection: nothing, eye: nothing, alarm }),
    viewer: viewerKind({ seat: nothing, alarm }),
    incident: incidentKind({ alarm }),
    broadcast: broadcastKind({ push: nothing, alarm }),
    relay: relayKind({ health: nothing, pulse: nothing, provision: nothing, alarm }),
    recording: recordingKind({ record: nothing }),
    alarm: alarmKind({ alarm }),
    ptz: ptzKind({ drive: nothing, alarm }),
    sound: soundKind({ opus: nothing, alarm }),
    rendition: renditionKind({ measure: nothing, ladder: nothing, alarm }),
  },
  now: systemClock.now,
  later(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  onTrouble: ({ error }) => console.error(error),
});
const camera = { kind: 'camera' as const, id: id('cam_001') };
const sources = [{ id: id('0'), url: 'rtsp://127.0.0.1/none' }];
await roster.create(camera, {
  type: 'camera.configured',
  settings: { name: 'Bench', zone: 'hcm/center', sources, keep: 'warm', eye: false },
});
await roster.offer(camera, answers());
await roster.offer(camera, flows());
await roster.offer(camera, feeds());
const relay = { kind: 'relay' as const, id: id('relay-1') };
await roster.create(relay, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
await roster.offer(relay, { type: 'relay.answering', instance: 'one' });
await roster.offer(relay, { type: 'paths.provisioned', instance: 'one', paths: 1, elapsed_ms: 1 });

const revocations = openRevocations(path.join(state, 'revocations.json'));
const gate = createGate({
  keys: openSigningKeys(path.join(state, 'keys')),
  issuer: 'signalbox',
  audience: 'signalbox',
  revoked: (claims) => revocations.hits(claims),
});
const real = whepMediamtx(() => ({ host: '127.0.0.1', port: Number(whepPort) }));
const whep: Whep = {
  open: (relay, path, sdp, relayToken, query) => real.open(relay, path, sdp, relayToken, query),
  trickle: (...asked) => real.trickle(...asked),
  close: (resource) => real.close(resource),
  isConnected: async () => true,
  isOf: async () => true,
  heardBytes: async () => undefined,
  cut: async () => {},
};
const { ledger } = memoryStore(systemClock.now);
const writer = await openLedgerWriter({ ledger, signer: gate.sealer, onWritten: () => {} });
const server = await buildServer({
  node: 'bench',
  members: () => ['bench'],
  config: {
    http: { host: '127.0.0.1', port: 8080, trustedProxies: [], allowedOrigins: [] },
    ice: { stun: [], publicHosts: [], tcp: false },
    auth: {
      issuer: 'signalbox',
      audience: 'signalbox',
      streamTokenTtlMs: 3_600_000,
      loginTokenTtlMs: 3_600_000,
      history: {},
    },
    limits: {
      sessionsPerSubject: 100_000,
      encoders: 8,
      adaptivePeers: 0,
      adaptiveCores: 0,
      relayGraceMs: 60_000,
      settledMs: 30_000,
    },
    regions: { default: 'hcm', networks: {}, databases: [], places: {} },
    destinations: {},
    discovery: { on: [] },
  },
  cells: roster,
  facts: spool.facts,
  journal: spool.journal,
  ledger: { read: ledger.read, note: writer.note },
  sessions: memoryStore(systemClock.now).sessions,
  gate,
  revocations,
  serviceTokens: openServiceTokens(path.join(state, 'services.json')),
  layouts: openLayouts(path.join(state, 'layouts.json')),
  people: openPeople(path.join(state, 'people.json')),
  passwords: openPasswords(),
  links: openLoginLinks(path.join(state, 'links')),
  embeds: openEmbedCodes(path.join(state, 'embeds')),
  whep,
  poster: () => undefined,
  rates: () => undefined,
  lateMs: () => undefined,
  rtspAt: () => undefined,
  srtAt: () => undefined,
  encodesAt: () => true,
  shortOn: () => undefined,
  intakeOf: async () => undefined,
  publishAt: () => undefined,
  whip: {
    open: () => Promise.reject(new Error('nobody publishes here')),
    trickle: async () => undefined,
    close: async () => {},
    isTaken: async () => false,
  },
  whepAt: () => undefined,
  hls: { folder: path.join(state, 'hls'), paths: openPathSigner(path.join(state, 'keys', 'hls.key')) },
  recordings: openRecordings(path.join(state, 'recordings')),
  thumbnails: openThumbnails({ ffmpeg: 'ffmpeg', folder: path.join(state, 'thumbnails'), maxBytes: 1_000_000 }),
  credential: () => undefined,
  devices: onvifDevices(openOnvifThread()),
  streams: { ask: async () => ({ tracks: [] }), picture: openPreview('ffmpeg') },
  chart: (view) => roster.chart(view),
  overlay: { add: async () => {}, patch: async () => {}, remove: async () => {}, origin: () => 'file' },
  health: () => [],
  metrics: createMetrics(),
  log: pino({ level: 'warn' }),
});
await server.listen({ host: '127.0.0.1', port: 0 });

const DAY_S = 86_400;
/** What the benchmark asks for over the channel between the processes. */
process.on('message', (asked: { tokens?: number; relay?: 'read' | 'publish'; cpu?: true }) => {
  if (asked.tokens) {
    const grant = (n: number) => ({ sub: `person-${n}`, role: 'viewer' as const, cameras: ['cam_001'], zones: [] });
    const tokens = Array.from({ length: asked.tokens }, (_, n) => gate.mintLogin(grant(n), DAY_S));
    process.send?.({ tokens });
  } else if (asked.relay) {
    process.send?.({ token: gate.mintRelay('bench', [{ action: asked.relay, path: 'cam_001' }], DAY_S) });
  } else if (asked.cpu) process.send?.({ cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: (server.server.address() as AddressInfo).port, jwks: gate.jwks() });
