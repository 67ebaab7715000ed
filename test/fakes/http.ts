import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { createGate, type LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { openPathSigner } from '../../adapters/hls-paths.hmac.ts';
import { openSigningKeys } from '../../adapters/keys.files.ts';
import { openLayouts } from '../../adapters/layouts.files.ts';
import { openPasswords } from '../../adapters/passwords.scrypt.ts';
import { openPeople } from '../../adapters/people.files.ts';
import { openRecordings } from '../../adapters/recordings.files.ts';
import { openRevocations } from '../../adapters/revocations.files.ts';
import { isServiceToken, openServiceTokens } from '../../adapters/service-tokens.files.ts';
import { openThumbnails } from '../../adapters/thumbnails.ffmpeg.ts';
import { type Id, id } from '../../bus/identity.ts';
import { openLedgerWriter } from '../../infra/gateway/ledger-writer.ts';
import { openEmbedCodes } from '../../infra/http/embed-codes.ts';
import type { Server } from '../../infra/http/fastify.ts';
import { openLoginLinks } from '../../infra/http/links.ts';
import { createMetrics } from '../../infra/http/metrics.ts';
import { buildServer } from '../../infra/http/server.ts';
import type { HttpServices, Whep, Whip } from '../../infra/http/services.ts';
import { DOME, fakeDevices } from './devices.ts';
import { type FakeHouse, fakeHouse } from './house.ts';
import { answers, feeds, flows } from './source.ts';

/** A WHEP relay that answers everything and remembers it. */
export interface FakeWhep extends Whep {
  opened: { relay: string; path: string; sdp: string; relayToken: string; resource: string }[];
  trickled: { resource: string; fragment: string }[];
  closed: string[];
  /** The relay sessions in which media can flow. */
  connected: Set<string>;
  /** Whose each relay session is that was opened without the gateway. */
  owners: Map<string, string>;
  /** What each relay session has sent so far, in bytes. */
  heard: Map<string, number>;
  /** Those that were cut at their relay. */
  cuts: string[];
  /** The next `open` fails with this reason. */
  refuse(reason: string): void;
  /** The next `trickle` is answered like an ICE restart. */
  restart(fragment: string): void;
}

function fakeWhep(): FakeWhep {
  let refusal: string | undefined;
  let restarted: string | undefined;
  const whep: FakeWhep = {
    opened: [],
    trickled: [],
    closed: [],
    connected: new Set(),
    owners: new Map(),
    heard: new Map(),
    cuts: [],
    refuse: (reason) => {
      refusal = reason;
    },
    restart: (fragment) => {
      restarted = fragment;
    },
    async open(relay, program, sdp, relayToken) {
      if (refusal) {
        const error = Object.assign(new Error(`the relay says ${refusal}`), { reason: refusal });
        refusal = undefined;
        throw error;
      }
      const resource = `/${program}/whep/secret-${whep.opened.length}`;
      whep.opened.push({ relay, path: program, sdp, relayToken, resource });
      return { answer: 'v=0\r\ns=answer\r\n', relaySession: `rs_${whep.opened.length}`, resource };
    },
    async trickle(resource, fragment) {
      whep.trickled.push({ resource, fragment });
      const answer = restarted;
      restarted = undefined;
      return answer === undefined ? undefined : { fragment: answer };
    },
    async close(resource) {
      whep.closed.push(resource);
    },
    isConnected: async (_relay, session) => whep.connected.has(session),
    isOf: async (_relay, relaySession, session) => whep.owners.get(relaySession) === session,
    heardBytes: async (_relay, relaySession) => whep.heard.get(relaySession),
    cut: async (_relay, relaySession) => void whep.cuts.push(relaySession),
  };
  return whep;
}

/** An intake at which nobody publishes but by WHIP. */
export interface FakeWhip extends Whip {
  opened: { path: string; sdp: string; relayToken: string; publication: string }[];
  trickled: { publication: string; fragment: string }[];
}

function fakeWhip(): FakeWhip {
  const opened: FakeWhip['opened'] = [];
  const trickled: FakeWhip['trickled'] = [];
  const running = new Map<string, string>();
  return {
    opened,
    trickled,
    async open({ path }, sdp, relayToken) {
      const publication = `secret-${opened.length}`;
      opened.push({ path, sdp, relayToken, publication });
      running.set(publication, path);
      return { answer: 'v=0\r\ns=answer\r\n', publication };
    },
    async trickle(_at, publication, fragment) {
      if (!running.has(publication)) throw Object.assign(new Error('it is gone'), { reason: 'gone' });
      trickled.push({ publication, fragment });
      return undefined;
    },
    close: async (_at, publication) => void running.delete(publication),
    isTaken: async ({ path }) => [...running.values()].includes(path),
  };
}

/** The HTTP floor over a whole house without processes. */
export interface FakeGateway {
  server: Server;
  services: HttpServices;
  house: FakeHouse;
  whep: FakeWhep;
  whip: FakeWhip;
  /** The data folder. */
  state: string;
  /** Everything that was logged, as lines. */
  log: string[];
  /** A login token. */
  token(grant: Partial<LoginGrant>, ttlSeconds?: number): string;
  /** What to send it as. */
  bearer(grant: Partial<LoginGrant>, ttlSeconds?: number): { authorization: string };
  /** Adds a camera with a running picture. */
  camera(name: string, zone: string): Promise<Id>;
  relay(name: string, instance: string): Promise<Id>;
  close(): Promise<void>;
}

/** Builds the HTTP floor for a test, with relay-1 serving and no camera. */
export async function fakeGateway(change: Partial<HttpServices> = {}): Promise<FakeGateway> {
  const state = mkdtempSync(path.join(tmpdir(), 'sbx-http-'));
  const clock = Object.defineProperty({ now: 0 }, 'now', { get: Date.now });
  const house = fakeHouse(undefined, clock);
  const whep = fakeWhep();
  const whip = fakeWhip();
  const log: string[] = [];
  const revocations = openRevocations(path.join(state, 'revocations.json'));
  const serviceTokens = openServiceTokens(path.join(state, 'services.json'));
  const gate = createGate({
    keys: openSigningKeys(path.join(state, 'keys')),
    issuer: 'signalbox',
    audience: 'signalbox',
    service: (token) => (isServiceToken(token) ? serviceTokens.verify(token) : undefined),
    revoked: (claims) => revocations.hits(claims),
  });
  const posters = new Map([['cam_001', { jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]), at: 1_800_000_000_000 }]]);
  const sink = new Writable({
    write(chunk, _encoding, done) {
      log.push(String(chunk));
      done();
    },
  });
  const writer = await openLedgerWriter({ ledger: house.store.ledger, signer: gate.sealer, onWritten: () => {} });
  const services: HttpServices = {
    node: 'gw-test',
    members: () => ['gw-test'],
    config: {
      http: { host: '127.0.0.1', port: 8080, trustedProxies: [], allowedOrigins: [] },
      ice: { stun: [], publicHosts: [], tcp: false },
      auth: {
        ...{ issuer: 'signalbox', audience: 'signalbox', history: {} },
        ...{ streamTokenTtlMs: 3_600_000, loginTokenTtlMs: 43_200_000 },
      },
      limits: {
        sessionsPerSubject: 3,
        encoders: 8,
        adaptivePeers: 8,
        adaptiveCores: 1,
        relayGraceMs: 60_000,
        settledMs: 30_000,
      },
      regions: { default: 'hcm', networks: {}, databases: [], places: {} },
      destinations: {},
      discovery: { on: ['127.0.0.1'] },
    },
    cells: house.roster,
    facts: house.store.facts,
    journal: house.store.journal,
    ledger: { read: house.store.ledger.read, note: writer.note },
    sessions: house.store.sessions,
    gate,
    revocations,
    serviceTokens,
    links: openLoginLinks(path.join(state, 'links')),
    embeds: openEmbedCodes(path.join(state, 'embeds')),
    layouts: openLayouts(path.join(state, 'layouts.json')),
    people: openPeople(path.join(state, 'people.json')),
    passwords: openPasswords({ logN: 10, r: 8, p: 1 }),
    whep,
    poster: (camera) => posters.get(camera),
    rates: () => ({ bitrate_bps: 2_000_000, fps: 30 }),
    lateMs: () => undefined,
    rtspAt: (relay, path) => (relay === 'relay-1' ? `rtsp://127.0.0.1:8554/${path}` : undefined),
    encodesAt: () => true,
    shortOn: () => undefined,
    srtAt: (relay) => (relay === 'relay-1' ? { host: '127.0.0.1', port: 8890 } : undefined),
    whip,
    intakeOf: async () => ({ intake: 'intake-1', why: { trigger: 'intake', text: 'intake-1 takes it' } }),
    publishAt: (intake, camera, source) => ({
      relay: intake,
      path: `in/${camera}/${source}`,
      rtsp: { host: '127.0.0.1', port: 8654 },
      rtmp: { host: '127.0.0.1', port: 1935 },
      srt: { host: '127.0.0.1', port: 8990 },
    }),
    whepAt: (relay) => (relay === 'relay-2' ? 'http://127.0.0.1:8909' : undefined),
    hls: { folder: path.join(state, 'hls'), paths: openPathSigner(path.join(state, 'keys', 'hls.key')) },
    recordings: openRecordings(path.join(state, 'recordings')),
    thumbnails: openThumbnails({ ffmpeg: 'ffmpeg', folder: path.join(state, 'thumbnails'), maxBytes: 1_000_000 }),
    devices: fakeDevices([DOME]),
    credential: (reference) =>
      reference === 'dome' ? { username: DOME.username, password: DOME.password } : undefined,
    streams: {
      ask: async (url) =>
        url.endsWith('/none')
          ? { reason: 'not-found', detail: 'DESCRIBE answered 404 Not Found' }
          : { tracks: [{ media: 'video', codec: 'H264' }] },
      picture: async () => Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
    },
    chart: (view) => house.roster.chart(view),
    overlay: { add: async () => {}, patch: async () => {}, remove: async () => {}, origin: () => 'file' },
    health: () => [],
    metrics: createMetrics(),
    log: pino({ level: 'trace' }, sink),
    ...change,
  };
  const server = await buildServer(services);
  const token: FakeGateway['token'] = (grant, ttlSeconds = 600) =>
    gate.mintLogin({ sub: 'somebody', role: 'viewer', cameras: [], zones: [], ...grant }, ttlSeconds);
  const gateway: FakeGateway = {
    server,
    services,
    house,
    whep,
    whip,
    state,
    log,
    token,
    bearer: (grant, ttlSeconds) => ({ authorization: `Bearer ${token(grant, ttlSeconds)}` }),
    async camera(name, zone) {
      const at = { kind: 'camera' as const, id: id(name) };
      const sources = [{ id: id('0'), url: `rtsp://192.0.2.7/${name}` }];
      const settings = { name: `Camera ${name}`, zone, sources, keep: 'warm', eye: true };
      await house.roster.create(at, { type: 'camera.configured', settings });
      await house.roster.offer(at, answers());
      await house.roster.offer(at, flows());
      await house.roster.offer(at, feeds());
      return at.id;
    },
    async relay(name, instance) {
      const at = { kind: 'relay' as const, id: id(name) };
      if (!house.roster.view(at)) {
        await house.roster.create(at, { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 });
      }
      await house.roster.offer(at, { type: 'relay.answering', instance });
      await house.roster.offer(at, { type: 'paths.provisioned', instance, paths: 1, elapsed_ms: 1 });
      return at.id;
    },
    async close() {
      await server.close();
      rmSync(state, { recursive: true, force: true });
    },
  };
  await gateway.relay('relay-1', 'first');
  await server.ready();
  return gateway;
}

/** A small offer as browsers send it. */
export const OFFER = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=video 9 UDP/TLS/RTP/SAVPF 102',
  'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuvwx',
  'a=fingerprint:sha-256 00:11',
  'a=setup:actpass',
  'a=mid:0',
  'a=recvonly',
  '',
].join('\r\n');
