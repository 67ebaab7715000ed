import type { MeasureSlot, ProgramInput, ProgramSlot, SelectionSlot } from '../machines/slots.ts';
import { createDepartures, type Departed, type Departures } from './departures.switcher.ts';
import { changeReport, type Heard, orderFor, relaysOf, reportNews } from './program.switcher/heard.ts';
import { createMeasuring } from './program.switcher/measuring.ts';
import type { SwitcherHost } from './switch.rtp/pool.ts';
import { openSwitcherPools } from './switch.rtp/pools.ts';
import { inlineClip } from './switch.rtp/slate.ts';
import type { CarryOrder, DropOrder, Rate, SourceTold } from './switch.rtp/talk.ts';

/** What the program slot needs from the place where it is made. */
export interface ProgramSwitcherOptions {
  /** The hosts that have switchers. */
  hosts: readonly SwitcherHost[];
  /** The host whose switchers carry a camera. */
  hostOf(camera: string): string;
  /** Fencing token for this camera's orders. */
  epoch(camera: string): number;
  /** Address of a source at the intake, with a fresh token. */
  sourceUrl(camera: string, source: string): string;
  /** The delivery relays that need this camera, with fresh tokens. */
  outputs(camera: string): { relay: string; url: string }[];
  /** What a camera's ladder makes now, and where it is read, with fresh tokens. */
  rungs?(camera: string): { name: string; url: string }[];
  /** Relays that pull, each with the one from which: departure paths there begin at that one. */
  pulling?(): ReadonlyMap<string, string>;
  /** Address of a departure path at a relay, with a fresh token; without it none are prepared. */
  departureUrl?(relay: string, path: string): string;
  /** Who is on departure paths of a camera, by what is known of its viewers. */
  departed?(camera: string): readonly Departed[];
  /** The file of a clip for a camera's name that is played when no source is left; `ready` is called when it is made. */
  slate?(name: string, codec: string, ready: () => void): string | undefined;
  /** What a camera's sources sent before this process was, as far as is known: its slate has to be the same. */
  codecOf?(camera: string): string | undefined;
  /** A key frame of a camera that is watched, as an Annex B access unit. */
  onKeyframe(camera: string, codec: string, annexB: Buffer): void;
  /** Once a second, for every camera that is carried, by whichever gateway's order. */
  onRates(items: Rate[]): void;
  /** A few times a second while what feeds a camera's program comes late, as above. */
  onDelay(camera: string, lateMs: number): void;
  /** Something that no report has a place for: for the log. */
  remark?(camera: string, detail: string): void;
  /** Tokens are minted anew this often. */
  refreshEveryMs?: number;
}

/** The program and selection slots over all switchers of the group. */
export interface ProgramSwitchers {
  slot: ProgramSlot;
  selection: SelectionSlot;
  measure: MeasureSlot;
  departures: Departures;
  /** Whether key frames of this camera are wanted. */
  watch(camera: string, wanted: boolean): void;
  /** A camera's addresses have changed: its order is given again. */
  renew(camera: string): void;
  /** The same for every camera. */
  renewAll(): void;
  /** Lets go of every switcher; they carry on. */
  close(): void;
}

const HOUR_MS = 3_600_000;

/** What an invoked selection wants. */
interface Choice {
  source: string;
  how: 'clean' | 'at-once';
  armed: string[];
  /** Another for each order to switch. */
  run: number;
}

/** Makes the program slot: each camera is carried by one of the group's switchers, and stays with it. */
export function createProgramSwitchers(options: ProgramSwitcherOptions): ProgramSwitchers {
  const entries = new Map<string, Heard>();
  const watched = new Set<string>();
  const choices = new Map<string, Choice>();
  /** The last change of each camera that was reported: a switcher tells it again to everybody who comes. */
  const toldChanges = new Map<string, number>();
  let runs = Date.now();
  const slateFor = (camera: string, { name }: ProgramInput) => {
    const codec = entries.get(camera)?.codec ?? options.codecOf?.(camera);
    const file = codec && options.slate?.(name, codec, () => pool.renew(camera));
    if (!file) return {};
    const isFar = options.hosts.find((host) => host.name === options.hostOf(camera))?.far;
    return { slate: { [codec]: isFar ? inlineClip(file) : file } };
  };

  const choiceFor = (camera: string, sources: string[]) => {
    const chosen = choices.get(camera);
    if (chosen && sources.includes(chosen.source)) return chosen;
    return { source: sources[0] ?? '', how: 'at-once' as const, armed: [], run: 0 };
  };

  const order = (camera: string, input: ProgramInput): CarryOrder => {
    const { source, how, armed, run } = choiceFor(camera, input.sources);
    const outputs = options.outputs(camera);
    const entry = entries.get(camera);
    const relays = outputs.map(({ relay }) => relay);
    // Nobody is sent to a departure path where the program is not, and none is kept there.
    if (entry) prepare(camera, orderFor(entry, relays));
    return {
      type: 'carry',
      epoch: options.epoch(camera),
      camera,
      name: input.name,
      sources: input.sources.map((id) => ({ id, url: options.sourceUrl(camera, id) })),
      outputs,
      active: { source, how, run },
      armed: armed.filter((id) => input.sources.includes(id)),
      ...slateFor(camera, input),
      rungs: options.rungs?.(camera) ?? [],
      silent_ms: input.silentMs,
      keyframes: watched.has(camera),
    };
  };

  const drop = (camera: string): DropOrder => ({ type: 'drop', epoch: options.epoch(camera), camera });
  const pool = openSwitcherPools({
    hosts: options.hosts,
    hostOf: options.hostOf,
    drop,
    rates(items) {
      for (const { camera } of items) departures?.look(camera);
      options.onRates(items);
    },
    delay: options.onDelay,
    told(camera, message, payload) {
      const entry = entries.get(camera);
      if (!entry) return;
      if (message.type === 'keyframe') {
        if (payload) options.onKeyframe(camera, message.codec, payload);
        return;
      }
      if (message.type === 'measured') return measuring.hear(camera, message.measured);
      if (message.type === 'departures') return departures?.hear(message);
      delete entry.away;
      if (message.type === 'source' && entry.input.sources.includes(message.source)) {
        entry.sources.set(message.source, message);
        learnCodec(camera, entry, message);
        if (message.state === 'flowing' && message.detail)
          options.remark?.(camera, `source ${message.source}: ${message.detail}`);
      }
      if (message.type === 'switched' || message.type === 'holding') entry.change = message;
      if (message.type === 'output' && entry.relays.includes(message.relay)) entry.outputs.set(message.relay, message);
      if (message.type === 'refused') entry.away = message.text;
      reportNews(entry);
      tellChange(camera, entry);
      if (message.type === 'output') prepare(camera, entry);
    },
    away(camera, switcher) {
      const entry = entries.get(camera);
      if (!entry) return;
      entry.away = `${switcher} went away`;
      entry.outputs.clear();
      entry.sources.clear();
      // A new process knows nothing: what it finds is told again.
      entry.toldSources.clear();
      departures?.serve(camera, []);
      reportNews(entry);
    },
  });
  const measuring = createMeasuring((camera) => pool.send(camera, { type: 'measure', camera }));
  const { departureUrl } = options;
  const departures = departureUrl
    ? createDepartures({
        url: (_camera, relay, path) => departureUrl(relay, path),
        departed: (camera) => options.departed?.(camera) ?? [],
        order: (camera, items) =>
          pool.send(camera, { type: 'departures', epoch: options.epoch(camera), camera, items }),
        depart: (camera, id, rung) =>
          pool.send(camera, { type: 'depart', epoch: options.epoch(camera), camera, id, ...(rung ? { rung } : {}) }),
      })
    : undefined;

  const prepare = (camera: string, entry: Heard) => departures?.serve(camera, relaysOf(entry), options.pulling?.());
  const renewAll = () => {
    for (const camera of entries.keys()) pool.renew(camera);
  };
  const refresh = setInterval(renewAll, options.refreshEveryMs ?? HOUR_MS);

  /** The slate is prepared for the codec that flows. */
  const learnCodec = (camera: string, entry: Heard, { state, codec }: SourceTold) => {
    if (state !== 'flowing' || !codec || codec === entry.codec) return;
    entry.codec = codec;
    if (options.slate) pool.renew(camera);
  };

  const tellChange = (camera: string, { change, toldProgram, report }: Heard) => {
    if (!change || toldProgram !== 'up' || toldChanges.get(camera) === change.id) return;
    toldChanges.set(camera, change.id);
    if (change.type === 'holding' && !change.slate) options.remark?.(camera, 'no slate is prepared: nothing is shown');
    report(changeReport(change));
  };

  const end = (camera: string, entry: Heard, ends: boolean) => {
    if (entries.get(camera) !== entry) return;
    entries.delete(camera);
    departures?.forget(camera);
    pool.forget(camera, ends ? drop(camera) : undefined);
  };

  return {
    slot(input, report) {
      const { camera } = input;
      const before = entries.get(camera);
      const fresh = { relays: [], outputs: new Map(), sources: new Map(), toldSources: new Map() };
      const entry: Heard = { ...(before ?? fresh), input, report };
      for (const id of [...entry.sources.keys()].filter((known) => !input.sources.includes(known))) {
        entry.sources.delete(id);
        entry.toldSources.delete(id);
      }
      entries.set(camera, entry);
      pool.keep(camera, () => order(camera, input));
      return {
        // Invoked anew within the same turn, with other sources, the program goes on.
        release: () => queueMicrotask(() => end(camera, entry, true)),
        detach: () => end(camera, entry, false),
      };
    },
    selection({ camera, source, how, armed }) {
      runs += 1;
      const before = choices.get(camera);
      // The same choice with others armed orders nothing anew.
      const run = before?.source === source && before.how === how ? before.run : runs;
      choices.set(camera, { source, how, armed, run });
      pool.renew(camera);
      return { release() {} };
    },
    measure: measuring.slot,
    departures: {
      take: (camera, relay, rung) => departures?.take(camera, relay, rung),
      lacksRung: (camera, path) => departures?.lacksRung(camera, path) ?? false,
    },
    watch(camera, wanted) {
      if (wanted === watched.has(camera)) return;
      if (wanted) watched.add(camera);
      else watched.delete(camera);
      pool.renew(camera);
    },
    renew: pool.renew,
    renewAll,
    close() {
      clearInterval(refresh);
      pool.close();
    },
  };
}
