import type http from 'node:http';
import type { StubGateway } from './stub-gateway.ts';

/** A camera as `GET /api/v1/cameras` shows it. */
export interface StubCamera {
  id: string;
  name: string;
  zone: string;
  state: string;
  since: number;
  why: { trigger: string; text: string; reason?: string; guard?: Record<string, unknown> };
  [field: string]: unknown;
}

/** What the stub says of its cameras, and how a test changes it. */
export interface StubHouse {
  cameras: StubCamera[];
  /** Emergencies and pushes, as their lists tell them. */
  incidents: ({ id: string } & Record<string, unknown>)[];
  broadcasts: ({ id: string } & Record<string, unknown>)[];
  alarms: ({ id: string } & Record<string, unknown>)[];
  /** A fact of an incident, a broadcast or an alarm is told; the list says the same. */
  alert(kind: 'incident' | 'broadcast' | 'alarm', item: { id: string; state: string } & Record<string, unknown>): void;
  /** How many event streams are open. */
  streams(): number;
  /** Where each stream asked to begin, in order. */
  resumed: (string | null)[];
  plugs: { camera: string; source: number; plugged: boolean }[];
  /** Sources that were chosen. */
  chosen: { camera: string; source: string }[];
  /** What was declared. */
  declared: object[];
  /** Walls that are kept. */
  layouts: ({ id: string } & Record<string, unknown>)[];
  /** What was asked of emergencies that run: `PATCH inc_1`. */
  acted: string[];
  /** What was signed in with. */
  logins: string[];
  signedIn: boolean;
  /** A camera changes: the list says so, and a fact is told, of a type of its own where `more` names one. */
  become(id: string, state: string, why: StubCamera['why'], more?: Record<string, unknown>): void;
  cutStreams(): void;
  /** The streams leave something out, and say so. */
  skip(): void;
}

const WHY: Record<string, StubCamera['why']> = {
  live: { trigger: 'source.flowing', text: 'its picture arrives' },
  frozen: {
    trigger: 'eye.frozen',
    reason: 'still',
    text: 'connected and sending, but the picture stands still',
    guard: { still_ms: 7_512 },
  },
  stalled: {
    trigger: 'source.silent',
    reason: 'silent',
    text: 'connected, but it sends nothing',
    guard: { silent_ms: 912 },
  },
  connecting: { trigger: 'source.ended', reason: 'ended', text: 'the stream ended; asking the camera again' },
  offline: {
    trigger: 'probe.failed',
    reason: 'refused',
    text: 'nothing answers at its address: the camera is off, or its port is wrong',
    guard: { detail: 'connect ECONNREFUSED 10.0.0.7:554' },
  },
  quarantined: {
    trigger: 'source.ended',
    reason: 'flapping',
    text: 'it comes and goes: 5 falls in 60 s; left alone for 30 s',
  },
  idle: { trigger: 'camera.configured', text: 'nobody watches' },
};
const NAMES = ['Center, east entrance', 'North gate', 'Beach promenade', 'Station hall', 'Car park level 2'];
const ZONES = ['hcm/center', 'hanoi/station', 'danang/beach', 'hcm/airport'];

/** A camera in a state, as the stub tells it. */
export function stubCamera(number: number, state: string, forMs = 134_000): StubCamera {
  return {
    id: `cam_${String(number).padStart(3, '0')}`,
    name: NAMES[(number - 1) % NAMES.length] ?? '',
    zone: ZONES[(number - 1) % ZONES.length] ?? '',
    state,
    since: Date.now() - forMs,
    why: WHY[state] ?? { trigger: 'new', text: 'not yet configured' },
    health: state === 'live' ? 'ok' : 'dark',
    sources: [
      { id: '0', state: state === 'live' ? 'flowing' : state, url: 'rtsp://10.0.0.7/stream1' },
      { id: '1', state: 'flowing', why: WHY.live, url: 'rtsp://10.0.0.7/stream2' },
    ],
    active_source: '0',
    rungs: ['720p'],
    viewers: number % 4,
    keep: 'warm',
    codec: 'H264',
    width: 1280,
    height: 720,
    fps: 30,
    bitrate_bps: 3_012_000,
  };
}

/** The alarm of a camera without a source, as `GET /api/v1/alarms` shows it. */
export function stubAlarm({ id, name, zone }: StubCamera, forMs = 0) {
  const raised_at = Date.now() - forMs;
  return {
    ...{ id: `no-source--${id}`, cause: 'no-source', about: { kind: 'camera', id }, title: name, zone, cameras: [id] },
    ...{ text: 'offline: nothing answers at its address', state: 'raised', since: raised_at, raised_at },
    acknowledgeable: true,
  };
}

/** The camera machine's chart. */
export const CHART = {
  states: [
    ['idle', 'not pulled: nobody watches'],
    ['connecting', 'asking the camera'],
    ['live', 'its picture arrives and moves'],
    ['offline', 'can’t be reached'],
    ['frozen', 'bytes flow, the picture stands still'],
    ['stalled', 'connected, sends nothing'],
    ['quarantined', 'comes and goes; left alone for a while'],
  ].map(([name, text]) => ({ name, text })),
  transitions: [
    ['idle', 'connecting', 'audience.joined'],
    ['connecting', 'live', 'source.flowing'],
    ['connecting', 'offline', 'probe.failed'],
    ['connecting', 'quarantined', 'source.ended'],
    ['connecting', 'idle', 'alarm.rang'],
    ['offline', 'live', 'source.flowing'],
    ['live', 'frozen', 'eye.frozen'],
    ['live', 'stalled', 'source.silent'],
    ['live', 'connecting', 'source.ended'],
    ['frozen', 'live', 'eye.moved'],
    ['frozen', 'stalled', 'source.silent'],
    ['stalled', 'live', 'source.flowing'],
    ['stalled', 'offline', 'alarm.rang'],
    ['stalled', 'connecting', 'source.ended'],
    ['quarantined', 'connecting', 'alarm.rang'],
    ['live', 'idle', 'alarm.rang'],
  ].map(([from, to, on]) => ({ from, to, on })),
};

/** Where an incident, a push and an alarm are over. */
const OVER = new Set(['closed', 'stopped', 'cleared']);

/** Furnishes a stub gateway with cameras, relays, events and a demo's plugs. */
export function furnish(stub: StubGateway, cameras: StubCamera[]): StubHouse {
  const streams = new Set<http.ServerResponse>();
  const told: { seq: number; line: string; camera: string }[] = [];
  const say = (kind: string, id: string, type: string, data: Record<string, unknown>): void => {
    const seq = told.length + 1;
    const event = {
      specversion: '1.0',
      id: `${id}-${seq}`,
      source: '/gateways/stub',
      type: `signalbox.${kind}.${type}`,
      subject: `${kind}/${id}`,
      time: new Date(Number(data.since)).toISOString(),
      sequence: seq,
      data,
    };
    const line = `id: ${seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    told.push({ seq, line, camera: id });
    for (const stream of streams) stream.write(line);
  };
  const house: StubHouse = {
    cameras,
    incidents: [],
    broadcasts: [],
    alarms: [],
    streams: () => streams.size,
    resumed: [],
    plugs: [],
    chosen: [],
    declared: [],
    layouts: [],
    acted: [],
    logins: [],
    signedIn: true,
    become(id, state, why, more = {}) {
      const camera = cameras.find((candidate) => candidate.id === id);
      if (!camera) throw new Error(`the stub has no camera ${id}`);
      const from = camera.state;
      const { type = state, ...said } = more;
      Object.assign(camera, { state, why, since: Date.now() });
      if (said.active_source) camera.active_source = said.active_source;
      const { name, zone, since } = camera;
      say('camera', id, String(type), { name, zone, state, from, since, why, ...said });
    },
    alert(kind, item) {
      const items = house[`${kind}s`];
      const { id, ...said } = { since: Date.now(), ...item };
      const others = items.filter((one) => one.id !== id);
      const over = OVER.has(item.state);
      items.splice(0, items.length, ...others, ...(over ? [] : [{ id, ...said }]));
      say(kind, id, item.state, said);
    },
    skip() {
      const data = JSON.stringify({ sequence: told.length, reason: 'slow' });
      for (const stream of streams) stream.write(`id: ${told.length}\nevent: resync\ndata: ${data}\n\n`);
    },
    cutStreams() {
      for (const stream of streams) stream.destroy();
    },
  };

  const guarded = (json: () => unknown) => () =>
    house.signedIn ? { json: json() } : { status: 401, json: { error: 'Sign in first.', reason: 'no-token' } };
  stub.route(
    'GET /api/v1/cameras',
    guarded(() => ({ items: house.cameras, next: null })),
  );
  for (const kind of ['incidents', 'broadcasts', 'alarms'] as const) {
    stub.route(
      `GET /api/v1/${kind}`,
      guarded(() => ({ items: house[kind], next: null })),
    );
  }
  stub.route(
    'GET /api/v1/relays',
    guarded(() => ({
      items: [
        { id: 'intake-1', role: 'intake', region: 'hcm', weight: 1, state: 'serving', since: 0, why: WHY.live },
        { id: 'relay-1', role: 'delivery', region: 'hcm', weight: 3, state: 'serving', since: 0, why: WHY.live },
      ],
      next: null,
    })),
  );
  stub.route(
    'GET /api/v1/login',
    guarded(() => ({
      sub: 'ops',
      name: 'Night shift',
      role: 'operator',
      demo: true,
      expires_at: Date.now() + 8 * 3_600_000,
    })),
  );
  stub.route('POST /api/v1/login', (_request, _match, body) => {
    house.logins.push(JSON.parse(body).token);
    house.signedIn = true;
    return { json: { sub: 'ops' } };
  });
  stub.route('GET /api/v1/cameras/([^/]+)/chart', (_request, [, camera]) => ({
    json: { ...CHART, current: cameras.find(({ id }) => id === camera)?.state },
  }));
  stub.route('GET /api/v1/sessions.*', (_request) => ({
    json: {
      items: [
        {
          id: 'ses_1',
          camera: 'cam_001',
          subject: 'ops',
          protocol: 'webrtc',
          quality: '720p',
          relay: 'relay-1',
          state: 'watching',
          since: Date.now() - 65_000,
        },
      ],
      next: null,
    },
  }));
  stub.route('POST /api/v1/cameras/([^/]+)/source', (_request, [, camera], body) => {
    house.chosen.push({ camera: String(camera), source: JSON.parse(body).source });
    return { json: { camera, ...JSON.parse(body) } };
  });
  stub.route('GET /api/v1/destinations.*', () => ({
    json: { items: [{ id: 'city-tv', to: 'rtmp://tv/live', monitor: 'http://tv:81/monitor/#{camera}' }], next: null },
  }));
  stub.route('POST /api/v1/incidents', (_request, _match, body) => {
    house.declared.push(JSON.parse(body));
    return { status: 201, json: { id: 'inc_1' } };
  });
  stub.route('POST /api/v1/alarms/([^/]+)/acknowledge', (_request, [, id]) => {
    const alarm = house.alarms.find((one) => one.id === id);
    if (!alarm) return { status: 404, json: { error: 'There is no such alarm.', reason: 'not-found' } };
    const acknowledged = { by: 'ops', by_name: 'Night shift', at: Date.now(), note: 'the guard is on the way' };
    const { acknowledgeable: _, ...rest } = alarm;
    house.alert('alarm', { ...rest, id: alarm.id, state: 'acknowledged', since: Date.now(), acknowledged });
    return { json: alarm };
  });
  for (const method of ['PATCH', 'DELETE']) {
    stub.route(`${method} /api/v1/incidents/([^/]+)`, (_request, [, incident]) => {
      house.acted.push(`${method} ${incident}`);
      return { json: { id: incident } };
    });
  }
  stub.route(
    'GET /api/v1/layouts',
    guarded(() => ({ items: house.layouts, next: null })),
  );
  stub.route('POST /api/v1/layouts', (_request, _match, body) => {
    const made = { id: `lay_${house.layouts.length + 1}`, owner: 'ops', yours: true, ...JSON.parse(body) };
    house.layouts.push(made);
    return { status: 201, json: made };
  });
  stub.route('(GET|PATCH|DELETE) /api/v1/layouts/([^/]+)', (_request, [, method, id], body) => {
    const at = house.layouts.findIndex((layout) => layout.id === id);
    const found = house.layouts[at];
    if (!found) return { status: 404, json: { error: 'There is no such layout.', reason: 'not-found' } };
    if (method === 'PATCH') {
      const next = Object.entries({ ...found, ...JSON.parse(body) }).filter(([, value]) => value !== null);
      house.layouts[at] = Object.fromEntries(next) as typeof found;
    }
    if (method === 'DELETE') house.layouts.splice(at, 1);
    return method === 'DELETE' ? { status: 204 } : { json: house.layouts[at] };
  });
  stub.route('POST /api/v1/demo/cameras/([^/]+)/plug', (_request, [, camera], body) => {
    const { source, plugged } = JSON.parse(body);
    house.plugs.push({ camera: String(camera), source, plugged });
    return { json: { camera, source, plugged } };
  });
  stub.stream('GET /api/v1/events.*', (request, response) => {
    if (!house.signedIn) return void response.writeHead(401).end('{}');
    const query = new URL(String(request.url), stub.url).searchParams;
    const [after, only] = [query.get('after'), query.get('cameras')];
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    for (const { seq, line, camera } of told) {
      if (after !== null && seq > Number(after) && (only === null || camera === only)) response.write(line);
    }
    if (only !== null) return;
    house.resumed.push(after);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  });
  return house;
}
