import { acquaint } from '../../actors/acquaintance.ts';
import type { CellView, Offered } from '../../actors/cells.ts';
import { endedAt } from '../../actors/ending.ts';
import { type Id, id } from '../../bus/identity.ts';
import { FenceRefused, isStoreRefusal } from '../../bus/ports/faults.ts';
import { KINDS, type Kind } from '../../bus/subjects.ts';
import { laws, publisherFault } from '../../machines/laws.ts';
import { type FakeHouse, fakeHouse, fakeKinds } from '../fakes/house.ts';
import { answers, ends, fails, feeds, flows, holds } from '../fakes/source.ts';
import { type Chance, chance } from './chance.ts';
import { type Acknowledged, historyFault } from './history.ts';
import {
  alarmActs,
  audible,
  broadcast,
  broadcastActs,
  incident,
  incidentActs,
  ladder,
  motors,
  outputReports,
  ptzActs,
  recorder,
  recordingActs,
  renditionActs,
  soundActs,
  trouble,
} from './output.ts';

const CAMERAS = ['cam_001', 'cam_002', 'cam_003'].map(id);
/** The relays as the configuration lists them: one pulls the cameras, the others carry viewers. */
const RELAYS = [
  { relay: id('intake-1'), listed: { type: 'relay.configured', role: 'intake', region: 'hcm', weight: 1 } },
  { relay: id('relay-1'), listed: { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 } },
  { relay: id('relay-2'), listed: { type: 'relay.configured', role: 'delivery', region: 'hcm', weight: 1 } },
];
const RELAY_ACTS = [
  { type: 'relay.drain', by: 'hoa' },
  { type: 'relay.resume', by: 'hoa' },
  { type: 'relay.resume', by: 'hoa' },
  { type: 'relay.emptied' },
  { type: 'relay.emptied' },
  { type: 'relay.emptied' },
];

/** Sources of a camera, as often as they are met: most have a backup, a few have two. */
const SOURCES = [['0', '1'], ['0', '1'], ['0', '1'], ['0'], ['0', '1', '2']];

const RUNGS = [
  { name: '720p', bitrate_bps: 2_000_000 },
  { name: '480p', bitrate_bps: 1_000_000 },
];

/** What a player says that goes the usual way, by the state of its session. */
const LEADS_ON: Record<string, string> = {
  admitted: 'leg.opened',
  connecting: 'leg.playing',
  watching: 'move.begun',
  moving: 'leg.playing',
};

/** What a run came to. */
export interface Outcome {
  seed: number;
  steps: number;
  crashes: number;
  /** Every state that was seen, as `camera live`. */
  visited: string[];
  /** The first thing that went wrong, with the step at which it did. */
  fault?: string;
}

/** One world after another has these: to bind machines takes as long as a hundred steps. */
const BOUND = fakeKinds();
/**
 * How the store does, as often as it does: it answers, late, not at all, not any more once it has written, or has no room.
 */
const STORE = ['here', 'here', 'here', 'hung', 'hung', 'away', 'deaf', 'full'] as const;
/** Of the adapters that were let go, so many may still speak. */
const STALE = 8;

const say = (one: unknown, event: unknown) => (one as { report(event: unknown): void } | undefined)?.report(event);

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

type Said = { type: string; [field: string]: unknown };
/** Keeps in mind that an offer was acknowledged. */
type Keep = (cell: Id, type: string) => (offered: Offered) => void;

/** A gateway's world without processes: cameras, a relay and people behave by chance, stores and gateways fail. */
class World {
  house: FakeHouse;
  /** Kills the gateway of the present house: nothing of it leaves any more, whatever it was about to write or to tell. */
  private kill = () => {};
  private stop: () => void;
  private readonly chance: Chance;
  private viewers: Id[] = [];
  private readonly made: { broadcast: Id[]; incident: Id[] } = { broadcast: [], incident: [] };
  private count = 0;
  private readonly rung = new WeakSet<object>();
  crashes = 0;
  private readonly acknowledged: Acknowledged[] = [];
  /** Every state that was seen, as `camera live`. */
  readonly visited = new Set<string>();
  faults: string[] = [];
  /** Each cell as it was when it was last judged. */
  private readonly judged = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<
    Kind,
    Map<Id, CellView>
  >;

  constructor(luck: Chance) {
    this.chance = luck;
    for (const { all } of Object.values(BOUND.slots)) all.length = 0;
    this.house = this.gateway(fakeHouse(undefined, undefined, {}, BOUND));
    this.stop = this.attend();
  }

  /** A gateway at the store of a house, which can be killed between any two of its words. */
  private gateway({ store, clock }: Pick<FakeHouse, 'store' | 'clock'>, node = 'gw-test'): FakeHouse {
    let killed = false;
    const { append } = store.journal;
    this.kill = () => {
      killed = true;
    };
    const journal: typeof store.journal = {
      ...store.journal,
      async append(record, expected) {
        // Behind what was told before: a store takes what one gateway sends it in order.
        await undefined;
        await undefined;
        if (killed) throw new FenceRefused(`${record.cell} is another gateway's`);
        return append(record, expected);
      },
    };
    const tell: typeof store.facts.tell = async (envelope) => {
      await undefined;
      return killed ? new Promise<never>(() => {}) : store.facts.tell(envelope);
    };
    return fakeHouse(store, clock, { node, journal, facts: { ...store.facts, tell } }, BOUND);
  }

  /** Has the cells of the present house hear of each other, and judges each whenever it says something. */
  private attend(): () => void {
    const { roster } = this.house;
    const stops = [
      acquaint(roster, (error) => void (isStoreRefusal(error) || this.faults.push(error.message))),
      roster.onTurn((view) => this.look(view)),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async begin(): Promise<void> {
    const { roster } = this.house;
    for (const { relay, listed } of RELAYS) await roster.create({ kind: 'relay', id: relay }, listed);
    for (const camera of CAMERAS) {
      await roster.create({ kind: 'camera', id: camera }, this.configured());
      await roster.create({ kind: 'rendition', id: camera }, ladder(this.chance));
      await roster.create({ kind: 'recording', id: camera }, recorder(this.chance));
      await roster.create({ kind: 'ptz', id: camera }, motors);
      await roster.create({ kind: 'sound', id: camera }, audible);
    }
  }

  private configured() {
    const settings = {
      name: 'Camera',
      zone: 'hcm/center',
      sources: this.chance.pick(SOURCES).map((source) => {
        return { id: source, url: `rtsp://127.0.0.1/${source}${this.chance.below(2)}` };
      }),
      hand_back_ms: this.chance.pick([1_000, 10_000, 'never']),
      keep: this.chance.pick(['warm', 'on-demand']),
      eye: this.chance.happens(0.8),
    };
    return { type: 'camera.configured', settings };
  }

  /** One thing happens. */
  async step(): Promise<void> {
    this.house.clock.now += this.chance.below(300);
    this.ringDue();
    const roll = this.chance.next();
    if (roll < 0.6) this.somethingReports();
    else if (roll < 0.7) this.outputReports();
    else if (roll < 0.85) this.somebodyActs();
    else if (roll < 0.9) this.ring();
    else if (roll < 0.91) this.flap();
    else if (roll < 0.98) this.house.store.set(this.chance.pick(STORE));
    else await this.crash();
    if (this.chance.happens(0.2)) await settle();
    // What has ended is forgotten, and what a store has refused is tried again.
    if (this.chance.happens(0.02)) this.house.runLater();
  }

  /** Picks one adapter of a slot; now and then one that was let go long ago. */
  private voices() {
    const stale = this.chance.happens(0.1);
    return <T extends { all: { end?: string }[] }>(slot: T): T['all'][number] | undefined => {
      const candidates = slot.all.filter((one) => stale === Boolean(one.end)).slice(-STALE);
      return candidates.length > 0 ? this.chance.pick(candidates) : undefined;
    };
  }

  /** Who works on what is made of a picture says something. */
  private outputReports(): void {
    const { slots } = this.house;
    const said = outputReports(this.chance);
    const names = Object.keys(said) as (keyof typeof said)[];
    const filled = names.filter((name) => slots[name].isHeld());
    const slot = this.chance.pick(filled.length > 0 ? filled : names);
    say(this.voices()(slots[slot] as { all: { end?: string }[] }), this.chance.pick(said[slot]));
  }

  /** An adapter says something. */
  private somethingReports(): void {
    const { slots } = this.house;
    const from = this.voices();
    const { chance } = this;
    const [source, other] = chance.pick([
      ['0', '1'],
      ['0', '1'],
      ['1', '0'],
      ['1', '2'],
      ['2', '0'],
    ] as const);
    const knocked = (answer: (source: string) => unknown) => {
      const probe = from(slots.probe) as { input: { source: string } } | undefined;
      if (probe) say(probe, answer(probe.input.source));
    };
    const reports: (() => void)[] = [
      () => knocked((source) => answers(source)),
      () => knocked((source) => answers(source, chance.pick(['H264', 'H265']))),
      () => knocked((source) => fails(source, chance.pick(['refused', 'timeout', 'unauthorized']))),
      () => say(from(slots.program), flows(source)),
      () => say(from(slots.program), flows(source)),
      () => say(from(slots.program), { type: 'source.silent', source, silent_ms: 900 }),
      () => say(from(slots.program), ends(source)),
      () => say(from(slots.program), { type: 'source.aside', source, reason: 'codec', detail: '' }),
      () => this.feed(from(slots.program), source),
      () => this.feed(from(slots.program), source),
      () => say(from(slots.program), holds(other, chance.pick(['ended', 'silent', 'unreadable']))),
      () => say(from(slots.program), { type: chance.pick(['program.lost', 'program.restored']), detail: '' }),
      () => say(from(slots.eye), chance.happens(0.5) ? { type: 'eye.frozen', still_ms: 8_000 } : { type: 'eye.moved' }),
      () => say(from(slots.intake), { type: 'intake.refused', source, detail: '' }),
      () => say(from(slots.health), { type: 'relay.answering', instance: chance.pick(['A', 'B']) }),
      () => say(from(slots.health), { type: 'relay.missed', silent_ms: 300, detail: '' }),
      () => say(from(slots.health), { type: 'relay.exited', detail: '' }),
      () => say(from(slots.pulse), { type: 'pulse.beating', round_trip_ms: 1 }),
      () => say(from(slots.pulse), { type: 'media.seen', session: 'ses_1' }),
      () =>
        say(
          from(slots.pulse),
          chance.happens(0.5)
            ? { type: 'pulse.beating', round_trip_ms: 1 }
            : { type: 'pulse.missed', silent_ms: 300, detail: '' },
        ),
      () =>
        say(from(slots.provision), {
          type: 'paths.provisioned',
          instance: chance.pick(['A', 'B']),
          paths: 1,
          elapsed_ms: 1,
        }),
      () =>
        say(from(slots.seat), {
          type: chance.pick(['seat.taken', 'seat.left']),
          relay: chance.pick(['relay-1', 'relay-2']),
          relay_session: chance.pick(['r1', 'r2']),
        }),
    ];
    chance.pick(reports)();
  }

  /** The switcher feeds the program from a source: as it was told, or by itself from whatever it fed before. */
  private feed(program: unknown, source: string): void {
    const { chance } = this;
    const trigger = chance.pick(['ended', 'silent', 'unreadable', 'ordered', 'first'] as const);
    const from = chance.pick(['', 'slate', '0', '1']);
    const report = feeds(source, { from, trigger, how: chance.pick(['clean', 'burst']), gap_ms: chance.below(200) });
    (program as { report(event: unknown): void } | undefined)?.report(report);
  }

  /** A loose plug: a camera comes and goes within moments. */
  private flap(): void {
    const { probe, program } = this.house.slots;
    const plugged = program.all.filter(({ end }) => !end);
    if (plugged.length === 0) return;
    const loose = this.chance.pick(plugged);
    const camera = { kind: 'camera', id: id(loose.input.camera) } as const;
    const say = (event: Parameters<typeof loose.report>[0]) => {
      loose.report(event);
      const view = this.house.roster.view(camera);
      if (view) this.look(view);
    };
    // Whoever knocks from now on knocks at this camera.
    const knocked = probe.all.length;
    for (let round = 0; round < 7; round++) {
      for (const one of probe.all.slice(knocked)) if (!one.end) one.report(answers(one.input.source));
      for (const source of loose.input.sources) {
        say(flows(source));
        say(ends(source));
      }
    }
  }

  private somebodyActs(): void {
    const { roster } = this.house;
    const ignore = () => {}; // a cell may be gone, or its gateway: that is the point
    const viewer = this.viewers.length > 0 ? this.chance.pick(this.viewers) : undefined;
    const camera = this.chance.pick(CAMERAS);
    const keep: Keep = (cell, type) => (offered) =>
      void this.acknowledged.push({ seq: offered.receipt.seq, cell, type });
    const tell = (kind: Kind, to: Id, event: Said) =>
      roster.offer({ kind, id: to }, event).then(keep(to, event.type), ignore);
    const acts: (() => void)[] = [
      ...this.outputActs(camera, keep, tell),
      () => {
        const session = id(`ses_${++this.count}`);
        this.viewers = [...this.viewers.slice(-20), session];
        roster
          .create({ kind: 'viewer', id: session }, this.request(camera))
          .then(keep(session, 'viewer.requested'), ignore);
      },
      () => void (viewer && tell('viewer', viewer, this.viewerAct(viewer))),
      () => void (viewer && tell('viewer', viewer, this.viewerAct(viewer))),
      () => void tell('camera', camera, this.configured()),
      () => void tell('relay', this.chance.pick(RELAYS).relay, this.chance.pick(RELAY_ACTS)),
      () => void tell('relay', this.chance.pick(RELAYS).relay, this.chance.pick(RELAY_ACTS)),
      () => this.listRelay(keep, tell),
      () => void tell('camera', camera, { type: 'source.chosen', source: this.chance.pick(['0', '1', 'auto']) }),
    ];
    this.chance.pick(acts)();
  }

  /** The configuration is saved: now and then it lists a relay no more, and soon does again. */
  private listRelay(keep: Keep, tell: (kind: Kind, to: Id, event: Said) => void): void {
    const { relay, listed } = this.chance.pick(RELAYS);
    const at = { kind: 'relay' as const, id: relay };
    const isThere = this.house.roster.view(at)?.tags.includes('over') === false;
    if (!isThere) this.house.roster.create(at, listed).then(keep(relay, listed.type), () => {});
    else if (this.chance.happens(0.7)) tell('relay', relay, listed);
    else tell('relay', relay, { type: 'relay.removed', runs: this.chance.happens(0.8) });
  }

  /** Somebody asks for something to be made of a camera's picture, or for less of it. */
  private outputActs(camera: Id, keep: Keep, tell: (kind: Kind, to: Id, event: Said) => void): (() => void)[] {
    const { chance } = this;
    const { now } = this.house.clock;
    const begin = (kind: 'broadcast' | 'incident', name: string, event: Said) => {
      const made = id(name);
      this.made[kind] = [...this.made[kind].slice(-3), made];
      this.house.roster.create({ kind, id: made }, event).then(keep(made, event.type), () => {});
    };
    const one = (kind: 'broadcast' | 'incident') => {
      const made = this.made[kind];
      return made.length > 0 ? chance.pick(made) : undefined;
    };
    const [pushed, urgent] = [one('broadcast'), one('incident')];
    return [
      () => tell('rendition', camera, chance.pick(renditionActs(chance))),
      () => tell('recording', camera, chance.pick(recordingActs(chance, now))),
      () => tell('ptz', camera, chance.pick(ptzActs(chance))),
      () => tell('sound', camera, chance.pick(soundActs(chance))),
      () => this.alarmed(camera, keep, tell),
      () => void (pushed && tell('broadcast', pushed, chance.pick(broadcastActs(chance)))),
      () => void (urgent && tell('incident', urgent, chance.pick(incidentActs(chance, now)))),
      chance.happens(0.5)
        ? () => begin('broadcast', `${camera}--tv`, broadcast(camera))
        : () => begin('incident', `inc_${chance.below(6)}`, incident(camera, chance, now)),
    ];
  }

  /** A cause of alarm comes, for the first time or again, or somebody acknowledges one. */
  private alarmed(camera: Id, keep: Keep, tell: (kind: Kind, to: Id, event: Said) => void): void {
    const cause = this.chance.pick(['no-source', 'frozen'] as const);
    const alarm = id(`${cause}--${camera}`);
    const { roster } = this.house;
    if (roster.view({ kind: 'alarm', id: alarm })) tell('alarm', alarm, this.chance.pick(alarmActs(camera, cause)));
    else
      roster.create({ kind: 'alarm', id: alarm }, trouble(camera, cause)).then(keep(alarm, 'cause.present'), () => {});
  }

  private request(camera: Id) {
    const subject = {
      sub: 'lan',
      role: 'viewer',
      cameras: this.chance.happens(0.9) ? [camera] : [],
      zones: [],
      iat: 1,
    };
    return {
      type: 'viewer.requested',
      ...{ camera, zone: 'hcm/center', subject, protocol: 'webrtc', quality: '720p', address: '127.0.0.1' },
      ...{
        expires_at: this.house.clock.now + 60_000,
        held: this.chance.below(3),
        quota: 2,
        relay: 'relay-1',
        standby: 'relay-2',
      },
    };
  }

  /** What a player says next: as often as not what leads on from where its session is. */
  private viewerAct(session: Id): Said {
    const state = this.house.roster.view({ kind: 'viewer', id: session })?.state ?? '';
    const all = this.viewerActs();
    const leadsOn = all.filter(({ type }) => LEADS_ON[state] === type);
    return this.chance.pick(leadsOn.length > 0 && this.chance.happens(0.5) ? leadsOn : all);
  }

  private viewerActs(): Said[] {
    const leg = this.chance.pick(['a', 'b']);
    const relay = this.chance.pick(['relay-1', 'relay-2']);
    return [
      { type: 'leg.opened', leg, relay, path: 'cam_001', relay_session: this.chance.pick(['r1', 'r2']) },
      { type: 'leg.playing', leg, first_frame_ms: 100 },
      { type: 'leg.closed', leg },
      { type: 'relay.lost', relay, reason: this.chance.pick(['dead', 'restarted', 'removed']) },
      { type: 'move.begun', leg, relay, reason: this.chance.pick(['silence', 'draining']), detect_ms: 1, decide_ms: 1 },
      { type: 'viewer.renewed', expires_at: this.house.clock.now + 60_000 },
      { type: 'viewer.closed' },
      { type: 'viewer.revoked', by: 'hoa', reason: 'x' },
      { type: 'viewer.displaced', by: 'ses_other' },
      { type: 'bandwidth.allotted', rung: '480p', lifted: false, rungs: RUNGS },
      { type: 'bandwidth.allotted', rung: '720p', lifted: true, rungs: RUNGS },
      { type: 'bandwidth.denied', why: { trigger: 'bandwidth', text: 'x' } },
    ];
  }

  /** The alarm that rings next: each does so once. */
  private nextAlarm() {
    let next: FakeHouse['slots']['alarm']['all'][number] | undefined;
    for (const one of this.house.slots.alarm.all) {
      if (!one.end && !this.rung.has(one) && !(next && next.input.at <= one.input.at)) next = one;
    }
    return next;
  }

  /** Nothing happens until the next alarm rings, at its time. */
  private ring(): void {
    const next = this.nextAlarm();
    if (!next) return;
    this.house.clock.now = Math.max(this.house.clock.now, next.input.at);
    this.ringDue();
  }

  /** Whatever is due by now rings. */
  private ringDue(): void {
    for (let next = this.nextAlarm(); next && next.input.at <= this.house.clock.now; next = this.nextAlarm()) {
      this.rung.add(next);
      next.report({ type: 'alarm.rang', name: next.input.name });
    }
  }

  /** The gateway is killed, or ends in order: what was not acknowledged may be lost, another takes up what the journal holds. */
  private async crash(): Promise<void> {
    this.crashes++;
    this.stop();
    const former = this.house;
    // Some are killed, some only paused, and some end in order, and lose nothing.
    const isKilled = this.chance.happens(0.5);
    // What a spool has kept outlives its gateway.
    former.store.set('here');
    await settle();
    former.runLater();
    await settle();
    if (isKilled) await this.killAmidst();
    if (!isKilled && this.chance.happens(0.6)) await former.roster.leave();
    // The next one is the same gateway, started again, or another one.
    const isAnother = this.chance.happens(0.5);
    const node = isAnother ? `gw-${this.crashes}` : former.options.node;
    this.house = this.gateway(former, node);
    await this.house.roster.adopt();
    this.ringDue();
    this.stop = this.attend();
    if (isAnother && !isKilled) await this.wake(former);
    // The dead gateway's cells say nothing more: their fence is gone.
    await former.roster.leave();
    for (const slot of Object.values(BOUND.slots)) {
      const all = slot.all as { end?: string }[];
      const ended = all.filter(({ end }) => end).slice(-STALE);
      const living = all.filter(({ end }) => !end);
      all.splice(0, all.length, ...ended, ...living);
    }
  }

  /** The gateway is killed while it writes down, or tells, what has just happened. */
  private async killAmidst(): Promise<void> {
    for (let words = this.chance.below(6); words > 0; words--) this.somebodyActs();
    for (let moments = this.chance.below(12); moments > 0; moments--) await undefined;
    this.kill();
    await settle();
  }

  /** A gateway that was only paused goes on with cells that another has taken up: nothing of it may be acknowledged. */
  private async wake({ roster }: FakeHouse): Promise<void> {
    const camera = { kind: 'camera', id: this.chance.pick(CAMERAS) } as const;
    await roster.offer(camera, this.configured()).then(
      () => this.faults.push(`${camera.id}: a former owner's word was acknowledged`),
      () => {}, // its fence is gone
    );
  }

  /** Judges a cell, unless it is as it was when it was last judged; of who may only wait so long, time alone makes a fault. */
  private look(view: CellView): void {
    const { kind, id, state, context, tags } = view;
    if (this.judged[kind].get(id) === view && !tags.includes('open')) return;
    this.judged[kind].set(id, view);
    this.visited.add(`${kind} ${state}`);
    const isOver = endedAt({ kind, after: { context } }) !== undefined;
    const fault =
      laws[kind](context as never, tags, this.house.clock.now) ??
      (tags.includes('over') === isOver ? undefined : `"${state}" is wrong about being over`);
    if (fault) this.faults.push(`${kind} ${id}: ${fault}`);
  }

  /** What is broken now, if anything. */
  judge(): string | undefined {
    for (const kind of KINDS) for (const view of this.house.roster.list(kind)) this.look(view);
    const published = this.house.slots.program.all.filter(({ end }) => !end).map(({ input }) => input.camera);
    return this.faults[0] ?? this.house.troubles[0] ?? publisherFault(published);
  }

  /** What went wrong in all, now that everything has come to rest. */
  async verdict(): Promise<string | undefined> {
    this.house.store.set('here');
    await settle();
    for (let round = 0; round < 3; round++) {
      this.house.runLater();
      await settle();
    }
    return historyFault(this.house.store, this.acknowledged);
  }
}

/** Runs a world for a number of steps; the same seed repeats the same run. */
export async function simulate(seed: number, steps: number): Promise<Outcome> {
  const world = new World(chance(seed));
  await world.begin();
  for (let step = 1; step <= steps; step++) {
    await world.step();
    const fault = world.judge();
    if (fault) return { seed, steps: step, crashes: world.crashes, visited: [...world.visited], fault };
  }
  const fault = await world.verdict();
  return { seed, steps, crashes: world.crashes, visited: [...world.visited], ...(fault ? { fault } : {}) };
}
