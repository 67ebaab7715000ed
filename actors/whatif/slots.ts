import type { AnyEventObject } from 'xstate';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Adapter } from '../../machines/slots.ts';
import { bind } from '../bind.ts';
import type { CellKind } from '../cell-kind.ts';
import type { SimulatedClock } from './clock.ts';

/** What has been lost in the simulated world, and does not come back. */
export interface Losses {
  relays: ReadonlySet<string>;
  /** `camera/source`. */
  sources: ReadonlySet<string>;
}

/** A camera as slots meet it. */
export interface CameraSight {
  settings?: CameraSettings;
  /** The source that feeds its program, if any does. */
  active: string;
  fed: boolean;
  standings: Record<string, { state: string }>;
}

/** The world as far as slots meet it. */
export interface World {
  clock: SimulatedClock;
  lost: Losses;
  camera(id: string): CameraSight | undefined;
  /** Whether a relay that pulls cameras is still there. */
  hasIntake(): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: each model knows the input of its slot
type Model = Adapter<any, any>;

/** Roughly what things take, in ms: a what-if tells what follows what, not a benchmark. */
const TAKES = { answerMs: 5, firstPacketMs: 300, provisionMs: 50, switchMs: 67 };

/** Models of slots, and what happens to them. */
export interface Models {
  slots: Record<string, Model>;
  /** All that was held at the fork is invoked by now: it stays as it was, dark or lit. */
  begin(): void;
  /** The loss happens. */
  lose(): void;
}

/**
 * A simple model of each slot that reacts to a loss. Slots that have none stay as they are: what flows goes on flowing.
 */
export function models(world: World): Models {
  const { clock, lost } = world;
  const losing = new Set<() => void>();
  /** Reports once the loss happens, or at once when it has. */
  let happened = false;
  let begun = false;
  const atLoss = (run: () => void) => {
    if (happened) return clock.later(0, run);
    losing.add(run);
    return () => losing.delete(run);
  };
  const isLost = (camera: string, source: string) => lost.sources.has(`${camera}/${source}`);

  /** The switcher of each camera, and what it was told to feed. */
  const switchers = new Map<string, (event: AnyEventObject) => void>();
  const choices = new Map<string, { source: string; armed: string[] }>();
  const flows = (camera: string, source: string) => world.camera(camera)?.standings[source]?.state === 'flowing';
  const feed = (camera: string, source: string, from: string, trigger: string) =>
    switchers.get(camera)?.({
      type: 'program.switched',
      ...{ source, from, trigger, how: trigger === 'ended' ? 'burst' : 'clean', detect_ms: 0, gap_ms: TAKES.switchMs },
    });
  const feedChosen = (camera: string) => {
    const { active = '', fed = false } = world.camera(camera) ?? {};
    const wanted = choices.get(camera)?.source;
    if (wanted === undefined || !flows(camera, wanted) || (fed && active === wanted)) return;
    feed(camera, wanted, fed ? active : 'slate', 'ordered');
  };
  /** The switcher sees the end first, and goes on with an armed source without asking. */
  const endSource = (camera: string, source: string) => {
    const report = switchers.get(camera);
    const { active, fed } = world.camera(camera) ?? {};
    const next = choices.get(camera)?.armed.find((one) => one !== source && flows(camera, one));
    report?.({ type: 'source.ended', source, detail: 'what if it were lost' });
    if (!fed || active !== source) return;
    if (next !== undefined) feed(camera, next, source, 'ended');
    else report?.({ type: 'program.holding', from: source, trigger: 'ended', detect_ms: 0 });
  };

  const slots: Record<string, Model> = {
    alarm: ({ name, at }, report) => ({
      release: clock.later(at - clock.now(), () => report({ type: 'alarm.rang', name })),
    }),

    health({ relay }, report) {
      if (!lost.relays.has(relay)) return { release() {} };
      return { release: atLoss(() => report({ type: 'relay.exited', detail: 'what if it were lost' })) };
    },
    provision: ({ instance }, report) => ({
      release: clock.later(TAKES.provisionMs, () =>
        report({ type: 'paths.provisioned', instance, paths: 0, elapsed_ms: TAKES.provisionMs }),
      ),
    }),

    probe({ url, source, firstAfterMs }, report) {
      if (!begun) return { release() {} };
      const gone = [...lost.sources].some((key) => {
        const [camera = '', lostSource] = key.split('/');
        return world.camera(camera)?.settings?.sources.find(({ id }) => id === lostSource)?.url === url;
      });
      const answer = gone
        ? { type: 'probe.failed', source, reason: 'refused', detail: 'what if it were lost' }
        : { type: 'probe.answered', source, tracks: [], elapsed_ms: TAKES.answerMs };
      return { release: clock.later(firstAfterMs + TAKES.answerMs, () => report(answer)) };
    },
    program({ camera, sources }, report) {
      switchers.set(camera, report);
      const ends = (sources as string[])
        .filter((source) => isLost(camera, source))
        .map((source) => atLoss(() => endSource(camera, source)));
      return {
        release() {
          switchers.delete(camera);
          for (const end of ends) end();
        },
      };
    },
    selection({ camera, source, armed }) {
      choices.set(camera, { source, armed });
      return { release: begun ? clock.later(TAKES.switchMs, () => feedChosen(camera)) : () => {} };
    },
    intake({ camera, source }) {
      if (!begun) return { release() {} };
      const flow = () => {
        if (isLost(camera, source) || !world.hasIntake()) return;
        switchers.get(camera)?.({ type: 'source.flowing', source, codec: 'H264' });
        feedChosen(camera);
      };
      return { release: clock.later(TAKES.firstPacketMs, flow) };
    },
  };
  return {
    slots,
    begin() {
      begun = true;
    },
    lose() {
      happened = true;
      for (const run of losing) run();
    },
  };
}

/** A kind of cell in the simulated world: every slot that its machine names has its model. */
export function simulatedKind(kind: CellKind, slots: Record<string, Model>): CellKind {
  const nothing: Model = () => ({ release() {} });
  const named = Object.keys(kind.machine.implementations.actors);
  const actors = Object.fromEntries(named.map((name) => [name, bind(slots[name] ?? nothing)]));
  return { ...kind, machine: kind.machine.provide({ actors }) };
}
