import type { StubGateway } from './stub-gateway.ts';
import { CHART } from './stub-house.ts';

/** An event as `GET /api/v1/timeline` shows it. */
export interface StubEvent {
  seq: number;
  at: number;
  type: string;
  kind: string;
  id: string;
  camera?: string;
  zone?: string;
  subject?: string;
  state?: string;
  from?: string;
  why?: { trigger: string; text: string; guard?: Record<string, unknown> };
  detect_ms?: number;
  recover_ms?: number;
  by?: string;
}

/** What the stub was asked about the past. */
export interface StubPast {
  events: StubEvent[];
  pages: number;
  /** Moments that were asked for, in order. */
  replayed: number[];
  whatIfs: unknown[];
}

const PAUSES_MS = [40_000, 300, 9_000, 700, 120_000, 2_500];
const STATES = ['stalled', 'offline', 'live', 'frozen', 'live', 'connecting', 'quarantined', 'live'];
const TEXTS: Record<string, string> = {
  live: 'its picture arrives',
  stalled: 'connected, but it sends nothing',
  offline: 'nothing answers at its address',
  frozen: 'connected and sending, but the picture stands still',
  connecting: 'the stream ended; asking the camera again',
  quarantined: 'it comes and goes; left alone for 30 s',
};

/**
 * A past of so many events in so many milliseconds: mostly falls and returns of cameras, now and then a viewer, an
 * operator or a relay. The same every time.
 */
export function inventPast(count: number, cameras: string[], to: number, spanMs: number): StubEvent[] {
  const events: StubEvent[] = [];
  const turns = new Map<string, number>();
  const states = new Map<string, string>();
  const pauses = Array.from(
    { length: count },
    (_, index) => PAUSES_MS[(index * 7 + (index >> 3)) % PAUSES_MS.length] ?? 1,
  );
  const total = pauses.reduce((sum, pause) => sum + pause, 0);
  let elapsed = 0;
  for (const [index, pause] of pauses.entries()) {
    elapsed += pause;
    const at = Math.round(to - spanMs + (elapsed / total) * (spanMs - 1));
    const camera = cameras[(index * 5 + (index >> 4)) % cameras.length] ?? '';
    const seq = index + 1;
    const about = { seq, at, zone: 'hcm/center' };
    if (index % 23 === 11) {
      const type = ['viewer.denied', 'viewer.moved', 'viewer.watching'][index % 3] ?? '';
      events.push({ ...about, type, kind: 'viewer', id: `ses_${seq}`, camera, subject: 'ops', state: type.slice(7) });
    } else if (index % 61 === 30) {
      const state = index % 2 ? 'suspect' : 'serving';
      const why = { trigger: 'relay.missed', text: state === 'suspect' ? 'it missed an answer' : 'it answers again' };
      events.push({ seq, at, type: `relay.${state}`, kind: 'relay', id: 'relay-1', state, why });
    } else {
      const turn = turns.get(camera) ?? camera.length;
      const state = STATES[turn % STATES.length] ?? 'live';
      turns.set(camera, turn + 1);
      const why = { trigger: `source.${state}`, text: TEXTS[state] ?? '' };
      const from = states.get(camera) ?? 'live';
      states.set(camera, state);
      const by = index % 97 === 5 ? { by: 'night-shift' } : {};
      events.push({ ...about, type: `camera.${state}`, kind: 'camera', id: camera, camera, state, from, why, ...by });
    }
  }
  return events;
}

/** Lets a stub gateway remember a past, replay it and think through what would be. */
export function remember(stub: StubGateway, events: StubEvent[]): StubPast {
  const past: StubPast = { events, pages: 0, replayed: [], whatIfs: [] };
  stub.route('GET /api/v1/timeline.*', (request) => {
    past.pages++;
    const query = new URL(String(request.url), stub.url).searchParams;
    const [from, to] = [Number(query.get('from')), Number(query.get('to'))];
    const [after, limit] = [Number(query.get('after') ?? 0), Number(query.get('limit') ?? 5_000)];
    const found = events.filter(({ seq, at }) => seq > after && at >= from && at <= to);
    const items = found.slice(0, limit);
    const truncated = found.length > limit;
    const oldest = events[0] ? { seq: events[0].seq, at: events[0].at } : null;
    return { json: { from, to, items, truncated, oldest, next: truncated ? items.at(-1)?.seq : null } };
  });
  stub.route('GET /api/v1/replay.*', (request) => {
    const at = Number(new URL(String(request.url), stub.url).searchParams.get('at'));
    past.replayed.push(at);
    return { json: replayOf(events, at) };
  });
  stub.route('POST /api/v1/whatif', (_request, _match, body) => {
    const question = JSON.parse(body);
    past.whatIfs.push(question);
    const why = { trigger: 'relay.exited', text: 'its relay is gone; relay-2 has room' };
    return {
      json: {
        at: question.at ?? Date.now(),
        steps: [
          { at_ms: 3_000, kind: 'relay', id: 'relay-1', from: 'serving', to: 'dead', why },
          { at_ms: 3_040, kind: 'camera', id: 'cam_001', from: 'live', to: 'connecting', why },
          { at_ms: 3_290, kind: 'viewer', id: 'ses_1', camera: 'cam_003', from: 'relay-1', to: 'relay-2', why },
        ],
        moved: 2,
        stranded: 0,
        dark: [{ camera: 'cam_002', for_ms: 90_000 }],
      },
    };
  });
  return past;
}

function replayOf(events: StubEvent[], at: number) {
  const cells = new Map<string, StubEvent>();
  let compared = 0;
  for (const event of events) {
    if (event.at > at) break;
    compared++;
    if (event.kind !== 'viewer') cells.set(`${event.kind}/${event.id}`, event);
  }
  const shown = [...cells.values()].map(({ kind, id, state, at: since, why }) => ({
    ...{ kind, id, state, since, why, tags: [], context: {} },
    ...(kind === 'camera' ? { chart: { ...CHART, current: state } } : {}),
  }));
  const viewer = {
    ...{ kind: 'viewer', id: 'ses_1', state: 'watching', since: at - 65_000, tags: [] },
    why: { trigger: 'reader.seen', text: 'it reads' },
    context: { camera: 'cam_001', relay: 'relay-1', subject: { sub: 'ops' } },
  };
  return { at, seq: compared, hash: 'stub', compared, first_difference: null, cells: [...shown, viewer] };
}
