import type { AnyEventObject } from 'xstate';
import type { CameraSettings } from '../../bus/events/camera.ts';
import type { Adapter } from '../../machines/slots.ts';
import { bind } from '../bind.ts';
import type { CellKind } from '../cell.ts';
import type { SimulatedClock } from './clock.ts';

/** What has been lost in the simulated world, and does not come back. */
export interface Losses {
  relays: ReadonlySet<string>;
  /** `camera/source`. */
  sources: ReadonlySet<string>;
}

/** The world as far as slots meet it. */
export interface World {
  clock: SimulatedClock;
  lost: Losses;
  settingsOf(camera: string): CameraSettings | undefined;
  /** Whether a relay that pulls cameras is still there. */
  hasIntake(): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: each model knows the input of its slot
type Model = Adapter<any, any>;

/** Roughly what things take, in ms: a what-if tells what follows what, not a benchmark. */
const TAKES = { answerMs: 5, firstPacketMs: 300, provisionMs: 50 };

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
  const programs = new Map<string, (event: AnyEventObject) => void>();
  const isLost = (camera: string, source: string) => lost.sources.has(`${camera}/${source}`);

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

    probe({ url, firstAfterMs }, report) {
      if (!begun) return { release() {} };
      const gone = [...lost.sources].some((key) => {
        const [camera = '', source] = key.split('/');
        return world.settingsOf(camera)?.sources.find(({ id }) => id === source)?.url === url;
      });
      const answer = gone
        ? { type: 'probe.failed', reason: 'refused', detail: 'what if it were lost' }
        : { type: 'probe.answered', tracks: [], elapsed_ms: TAKES.answerMs };
      return { release: clock.later(firstAfterMs + TAKES.answerMs, () => report(answer)) };
    },
    program({ camera, sources }, report) {
      programs.set(camera, report);
      const ends = (sources as string[])
        .filter((source) => isLost(camera, source))
        .map((source) => atLoss(() => report({ type: 'source.ended', source, detail: 'what if it were lost' })));
      return {
        release() {
          programs.delete(camera);
          for (const end of ends) end();
        },
      };
    },
    intake({ camera, source }) {
      if (!begun) return { release() {} };
      const flow = () => {
        if (isLost(camera, source) || !world.hasIntake()) return;
        programs.get(camera)?.({ type: 'source.flowing', source, codec: 'H264' });
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
