import type { ProgramInput, ProgramReport, ProgramSlot } from '../machines/slots.ts';
import { openSwitcherPool } from './switch.rtp/pool.ts';
import type { CarryOrder, OutputTold, Rate, SourceTold } from './switch.rtp/talk.ts';

/** What the program slot needs from the place where it is made. */
export interface ProgramSwitcherOptions {
  /** Folder with one socket per switcher process. */
  folder: string;
  /** Fencing token for this camera's orders. */
  epoch(camera: string): number;
  /** Address of a source at the intake, with a fresh token. */
  sourceUrl(camera: string, source: string): string;
  /** The delivery relays that need this camera, with fresh tokens. */
  outputs(camera: string): { relay: string; url: string }[];
  /** Asks the launcher for at least so many switchers; may be called again and again. */
  ensureSwitchers(count: number): void;
  /** A key frame of a camera that is watched, as an Annex B access unit. */
  onKeyframe(camera: string, codec: string, annexB: Buffer): void;
  /** Once a second, for every camera that is carried, by whichever gateway's order. */
  onRates(items: Rate[]): void;
  /** Tokens are minted anew this often. */
  refreshEveryMs?: number;
}

/** The program slot over all switchers of the group. */
export interface ProgramSwitchers {
  slot: ProgramSlot;
  /** Whether key frames of this camera are wanted. */
  watch(camera: string, wanted: boolean): void;
  /** Lets go of every switcher; they carry on. */
  close(): void;
}

const HOUR_MS = 3_600_000;

/** What was heard of one camera, and what was made of it. */
interface Entry {
  input: ProgramInput;
  report(event: ProgramReport): void;
  outputs: Map<string, OutputTold>;
  sources: Map<string, SourceTold>;
  /** Set while the switcher itself is gone. */
  away?: string;
  toldProgram?: 'up' | 'lost';
  toldSources: Map<string, string>;
}

function sourceReport(told: SourceTold): ProgramReport | undefined {
  const { source, codec, width, height } = told;
  switch (told.state) {
    case 'flowing':
      return { type: 'source.flowing', source, codec: codec ?? '', ...(width && height ? { width, height } : {}) };
    case 'silent':
      return { type: 'source.silent', source, silent_ms: told.silent_ms ?? 0 };
    case 'ended':
      return { type: 'source.ended', source, detail: told.detail ?? '' };
    case 'opening':
      return undefined;
  }
}

/** Reports what changed since the last time, and only that. */
function tell(entry: Entry): void {
  const outputs = [...entry.outputs.values()];
  const up = !entry.away && outputs.some(({ state }) => state === 'up');
  const down = outputs.find(({ state }) => state === 'down');
  if (up) {
    if (entry.toldProgram === 'lost') {
      entry.report({ type: 'program.restored' });
      // What the sources did meanwhile was told to one who could do nothing with it.
      entry.toldSources.clear();
    }
    entry.toldProgram = 'up';
  } else if (entry.toldProgram !== 'lost' && (entry.away || down)) {
    entry.toldProgram = 'lost';
    entry.report({ type: 'program.lost', detail: entry.away ?? `${down?.relay}: ${down?.detail ?? 'down'}` });
  }
  for (const [source, told] of entry.sources) {
    const event = sourceReport(told);
    // A picture flows when viewers can have it, and that takes a program path.
    if (!event || (event.type === 'source.flowing' && !up)) continue;
    const key = `${told.state} ${told.codec} ${told.width}x${told.height}`;
    if (entry.toldSources.get(source) === key) continue;
    entry.toldSources.set(source, key);
    entry.report(event);
  }
}

/** Makes the program slot: each camera is carried by one of the group's switchers, and stays with it. */
export function createProgramSwitchers(options: ProgramSwitcherOptions): ProgramSwitchers {
  const entries = new Map<string, Entry>();
  const watched = new Set<string>();

  const order = (camera: string, input: ProgramInput): CarryOrder => ({
    type: 'carry',
    epoch: options.epoch(camera),
    camera,
    name: input.name,
    sources: input.sources.map((id) => ({ id, url: options.sourceUrl(camera, id) })),
    outputs: options.outputs(camera),
    silent_ms: input.silentMs,
    keyframes: watched.has(camera),
  });

  const pool = openSwitcherPool({
    folder: options.folder,
    ensureSwitchers: options.ensureSwitchers,
    rates: options.onRates,
    told(camera, message, payload) {
      const entry = entries.get(camera);
      if (!entry) return;
      if (message.type === 'keyframe') {
        if (payload) options.onKeyframe(camera, message.codec, payload);
        return;
      }
      delete entry.away;
      if (message.type === 'source' && entry.input.sources.includes(message.source))
        entry.sources.set(message.source, message);
      if (message.type === 'output') entry.outputs.set(message.relay, message);
      if (message.type === 'refused') entry.away = message.text;
      tell(entry);
    },
    away(camera, switcher) {
      const entry = entries.get(camera);
      if (!entry) return;
      entry.away = `${switcher} went away`;
      entry.outputs.clear();
      entry.sources.clear();
      // A new process knows nothing: what it finds is told again.
      entry.toldSources.clear();
      tell(entry);
    },
  });

  const refresh = setInterval(() => {
    for (const camera of entries.keys()) pool.renew(camera);
  }, options.refreshEveryMs ?? HOUR_MS);

  const end = (camera: string, entry: Entry, drop: boolean) => {
    if (entries.get(camera) !== entry) return;
    entries.delete(camera);
    pool.forget(camera, drop ? { type: 'drop', epoch: options.epoch(camera), camera } : undefined);
  };

  return {
    slot(input, report) {
      const { camera } = input;
      const entry: Entry = { input, report, outputs: new Map(), sources: new Map(), toldSources: new Map() };
      entries.set(camera, entry);
      pool.keep(camera, () => order(camera, input));
      return {
        release: () => end(camera, entry, true),
        detach: () => end(camera, entry, false),
      };
    },
    watch(camera, wanted) {
      if (wanted === watched.has(camera)) return;
      if (wanted) watched.add(camera);
      else watched.delete(camera);
      pool.renew(camera);
    },
    close() {
      clearInterval(refresh);
      pool.close();
    },
  };
}
