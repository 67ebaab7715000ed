import { alarmKind } from '../../actors/alarm.ts';
import { broadcastKind } from '../../actors/broadcast.ts';
import { cameraKind } from '../../actors/camera.ts';
import { incidentKind } from '../../actors/incident.ts';
import { ptzKind } from '../../actors/ptz.ts';
import { recordingKind } from '../../actors/recording.ts';
import { relayKind } from '../../actors/relay.ts';
import { renditionKind } from '../../actors/rendition.ts';
import { Roster, type RosterHouse } from '../../actors/roster.ts';
import { soundKind } from '../../actors/sound.ts';
import { viewerKind } from '../../actors/viewer.ts';
import { type MemoryStore, memoryStore } from '../../bus/carriers/memory.ts';
import type * as slots from '../../machines/slots.ts';
import { type FakeSlot, fakeSlot } from './slots.ts';

type FakeOf<S> = S extends slots.Adapter<infer Input, infer Report> ? FakeSlot<Input, Report> : never;

/** A whole house without processes: real machines and cells, memory carriers, fake slots, a clock that is set by hand. */
export interface FakeHouse {
  roster: Roster;
  options: RosterHouse;
  store: MemoryStore;
  slots: {
    [Name in keyof slots.CameraSlots]: FakeOf<slots.CameraSlots[Name]>;
  } & {
    seat: FakeOf<slots.SeatSlot>;
    health: FakeOf<slots.HealthSlot>;
    provision: FakeOf<slots.ProvisionSlot>;
    push: FakeOf<slots.PushSlot>;
    pulse: FakeOf<slots.PulseSlot>;
    measure: FakeOf<slots.MeasureSlot>;
    ladder: FakeOf<slots.LadderSlot>;
    record: FakeOf<slots.RecordSlot>;
    drive: FakeOf<slots.DriveSlot>;
    opus: FakeOf<slots.OpusSlot>;
  };
  clock: { now: number };
  troubles: string[];
  /** Runs what was put off with `later`. */
  runLater(): void;
  /** Another gateway on the same store, as after a crash of this one. */
  successor(): FakeHouse;
}

/** Fake slots, and the kinds of cells that are bound to them. */
export interface FakeKinds {
  slots: FakeHouse['slots'];
  kinds: RosterHouse['kinds'];
}

/**
 * Binds every machine to fake slots of its own. It takes milliseconds: one house after another may share them.
 * @param alarm rings by itself, instead of a fake
 */
export function fakeKinds(alarm?: slots.AlarmSlot): FakeKinds {
  const fakes = {
    probe: fakeSlot(),
    intake: fakeSlot(),
    program: fakeSlot(),
    selection: fakeSlot(),
    eye: fakeSlot(),
    alarm: fakeSlot(),
    seat: fakeSlot(),
    health: fakeSlot(),
    provision: fakeSlot(),
    push: fakeSlot(),
    pulse: fakeSlot(),
    measure: fakeSlot(),
    ladder: fakeSlot(),
    record: fakeSlot(),
    drive: fakeSlot(),
    opus: fakeSlot(),
  } as unknown as FakeHouse['slots'];
  const rings = alarm ?? fakes.alarm.adapter;
  const kinds: RosterHouse['kinds'] = {
    camera: cameraKind({
      probe: fakes.probe.adapter,
      intake: fakes.intake.adapter,
      program: fakes.program.adapter,
      selection: fakes.selection.adapter,
      eye: fakes.eye.adapter,
      alarm: rings,
    }),
    viewer: viewerKind({ seat: fakes.seat.adapter, alarm: rings }),
    relay: relayKind({
      health: fakes.health.adapter,
      pulse: fakes.pulse.adapter,
      provision: fakes.provision.adapter,
      alarm: rings,
    }),
    incident: incidentKind({ alarm: rings }),
    broadcast: broadcastKind({ push: fakes.push.adapter, alarm: rings }),
    alarm: alarmKind({ alarm: rings }),
    ptz: ptzKind({ drive: fakes.drive.adapter, alarm: rings }),
    sound: soundKind({ opus: fakes.opus.adapter, alarm: rings }),
    recording: recordingKind({ record: fakes.record.adapter }),
    rendition: renditionKind({
      measure: fakes.measure.adapter,
      ladder: fakes.ladder.adapter,
      alarm: rings,
    }),
  };
  return { slots: fakes, kinds };
}

/** A house in which nobody lives yet. */
export type FakeParts = Omit<FakeHouse, 'roster' | 'successor'>;

/** Builds a house. @see fakeParts */
export function fakeHouse(...of: Parameters<typeof fakeParts>): FakeHouse {
  const parts = fakeParts(...of);
  const successor = () => fakeHouse(parts.store, parts.clock);
  return { ...parts, roster: new Roster(parts.options), successor };
}

/**
 * What a house is built of.
 * @param store to share with a former one, or with another gateway
 * @param more what else the roster is told
 * @param bound fake slots of a house that is over, to go on with
 */
export function fakeParts(
  store?: MemoryStore,
  clock = { now: 1_800_000_000_000 },
  more: Partial<RosterHouse> = {},
  bound = fakeKinds(),
): FakeParts {
  const kept = store ?? memoryStore(() => clock.now);
  const troubles: string[] = [];
  const put = new Set<() => void>();
  const options: RosterHouse = {
    node: 'gw-test',
    journal: kept.journal,
    facts: kept.facts,
    kinds: bound.kinds,
    now: () => clock.now,
    later(_ms, run) {
      put.add(run);
      return () => put.delete(run);
    },
    onTrouble: ({ cell, error, outcome }) => troubles.push(`${cell.kind}/${cell.id} ${outcome}: ${error.message}`),
    ...more,
  };
  return {
    options,
    store: kept,
    slots: bound.slots,
    clock,
    troubles,
    runLater() {
      for (const run of [...put]) {
        put.delete(run);
        run();
      }
    },
  };
}
