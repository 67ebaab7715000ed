import type { BroadcastHeard } from '../bus/events/broadcast.ts';
import type { CameraHeard } from '../bus/events/camera.ts';
import type { PtzHeard } from '../bus/events/ptz.ts';
import type { RecordingHeard } from '../bus/events/recording.ts';
import type { RelayHeard } from '../bus/events/relay.ts';
import type { PlannedRung, RenditionHeard } from '../bus/events/rendition.ts';
import type { SoundHeard } from '../bus/events/sound.ts';
import type { ViewerHeard } from '../bus/events/viewer.ts';

/**
 * The effects a machine may ask for. A slot is invoked with the state it wants as `input`, and reports what it sees;
 * it never decides. Adapters import these types, and nothing else from this floor.
 */

/** What an adapter gives back for an invoked slot. */
export interface Held {
  /** The machine has left the state: undo the effect. Idempotent. */
  release(): void;
  /** This process lets go while the effect goes on (shut-down, hand-over to another gateway). Default: nothing. */
  detach?(): void;
}

/**
 * An adapter for a slot. Reports may come at any time after the call returns, also none; after `release` or `detach`
 * they are dropped. It must not throw for what the outside world does: that is a report.
 */
export type Adapter<Input, Report> = (input: Input, report: (event: Report) => void) => Held;

type Report<Heard extends { type: string }, T extends Heard['type']> = Extract<Heard, { type: T }>;

/** Rings once at an absolute time. Armed on the monotonic clock: a jump of the wall clock fires nothing. */
export interface AlarmInput {
  name: string;
  /** Epoch ms. */
  at: number;
  /** Of one that a record has: epoch ms of that record. It waits no longer from now on than it had to then. */
  asOf?: number;
}
export interface AlarmRang {
  type: 'alarm.rang';
  name: string;
}
export type AlarmSlot = Adapter<AlarmInput, AlarmRang>;

/** Knocks at a source until told to stop; reports when its answer changes. */
export interface ProbeInput {
  source: string;
  url: string;
  credential?: string;
  /** Between two knocks, while it does not answer. */
  everyMs: number;
  /** After a wrong password: cameras lock accounts. */
  unauthorizedEveryMs: number;
  /** Wait before the first knock. */
  firstAfterMs: number;
}
export type ProbeReport = Report<CameraHeard, 'probe.answered' | 'probe.failed'>;
export type ProbeSlot = Adapter<ProbeInput, ProbeReport>;

/** Has the intake relay pull a source, for as long as it is held. */
export interface IntakeInput {
  camera: string;
  source: string;
  url: string;
  credential?: string;
}
export type IntakeReport = Report<CameraHeard, 'intake.refused'>;
export type IntakeSlot = Adapter<IntakeInput, IntakeReport>;

/** Has a switcher feed the camera's program path, for as long as it is held. */
export interface ProgramInput {
  camera: string;
  name: string;
  /** Ids of all configured sources at the intake, preferred first; the switcher reads each as soon as the intake has it. */
  sources: string[];
  /** No packet for this long is `source.silent`. */
  silentMs: number;
}
export type ProgramReport = Report<
  CameraHeard,
  | 'source.flowing'
  | 'source.silent'
  | 'source.ended'
  | 'source.aside'
  | 'program.switched'
  | 'program.holding'
  | 'program.lost'
  | 'program.restored'
>;
export type ProgramSlot = Adapter<ProgramInput, ProgramReport>;

/**
 * Which source feeds the program, and which may take over by themselves. Changing it is a new invocation; the choice
 * stays when it is released.
 */
export interface SelectionInput {
  camera: string;
  /** The source that shall feed the program. */
  source: string;
  /** `clean`: at its next key frame, nothing is missed. `at-once`: its stored pictures are sent now, squeezed. */
  how: 'clean' | 'at-once';
  /** Sources that may take over without asking when the present one ends or falls silent, in order. */
  armed: string[];
}
export type SelectionSlot = Adapter<SelectionInput, never>;

/** Looks at the camera's key frames: keeps the latest poster, reports a picture that stands still. */
export interface EyeInput {
  camera: string;
  /** Unchanged for this long, judged on decoded key frames, is `eye.frozen`. */
  stillMs: number;
  /** False when this camera's settings turn the eye off. */
  enabled: boolean;
}
export type EyeReport = Report<CameraHeard, 'eye.frozen' | 'eye.moved'>;
export type EyeSlot = Adapter<EyeInput, EyeReport>;

/** A relay session of a viewer that is known from before its seat was held, as under a former gateway. */
export interface KnownSession {
  relay: string;
  relaySession: string;
  /** It need not be told as taken again. */
  taken: boolean;
}

/** Watches a viewer's sessions at its relay; on release they are cut, and cut again if the same token returns. */
export interface SeatInput {
  session: string;
  /** Empty: it looks at what was recorded, and has no seat. */
  relay: string;
  /** After release, a relay token of this session may still be valid for this long: who returns is cut again. */
  tokenLifeMs: number;
  /** Those of them that are gone are told as left. */
  known?: KnownSession[];
}
export type SeatReport = Report<ViewerHeard, 'seat.taken' | 'seat.left'>;
export type SeatSlot = Adapter<SeatInput, SeatReport>;

/** Watches a relay's process and its control API: answering, missing, gone. */
export interface HealthInput {
  relay: string;
  everyMs: number;
  /** The instance already known, so that the same one is not told again. */
  instance?: string;
}
export type HealthReport = Report<RelayHeard, 'relay.answering' | 'relay.missed' | 'relay.exited'>;
export type HealthSlot = Adapter<HealthInput, HealthReport>;

/** Sends packets through a relay and reads them back: whether it carries media, whatever its API says. */
export interface PulseInput {
  relay: string;
  everyMs: number;
  /** No packet for this long is `pulse.missed`. */
  silentMs: number;
}
export type PulseReport = Report<RelayHeard, 'pulse.beating' | 'pulse.missed'>;
export type PulseSlot = Adapter<PulseInput, PulseReport>;

/** Puts a relay's paths back after it started anew. */
export interface ProvisionInput {
  relay: string;
  instance: string;
}
export type ProvisionReport = Report<RelayHeard, 'paths.provisioned' | 'paths.refused'>;
export type ProvisionSlot = Adapter<ProvisionInput, ProvisionReport>;

/** Has a relay push a camera's program to a destination while it is held, and tells whether bytes arrive. */
export interface PushInput {
  broadcast: string;
  camera: string;
  /** Name of a destination of the configuration, which holds its address and its key. */
  destination: string;
  relay: string;
  /** Bytes that stand for this long are `push.silent`. */
  silentMs: number;
}
export type PushReport = Report<
  BroadcastHeard,
  | 'push.flowing'
  | 'push.reconnected'
  | 'push.silent'
  | 'push.refused'
  | 'push.ended'
  | 'push.slow'
  | 'push.lagging'
  | 'push.steady'
>;
export type PushSlot = Adapter<PushInput, PushReport>;

/** Looks at a camera's program until it is known what it carries. */
export interface MeasureInput {
  camera: string;
}
export type MeasureReport = Report<RenditionHeard, 'program.measured' | 'ladder.ended'>;
export type MeasureSlot = Adapter<MeasureInput, MeasureReport>;

/** Makes rungs of a camera's program, for HLS and at its relay, for as long as it is held. */
export interface LadderInput {
  camera: string;
  /** Best first. */
  rungs: PlannedRung[];
  audio: boolean;
  /** Frames a second of the source. */
  fps: number;
  /** The longest time between two of its key frames. */
  gopMs: number;
  /** A ladder that makes nothing for this long hangs. */
  stalledMs: number;
}
export type LadderReport = Report<
  RenditionHeard,
  'ladder.flowing' | 'ladder.late' | 'ladder.caught-up' | 'ladder.ended'
>;
export type LadderSlot = Adapter<LadderInput, LadderReport>;

/** Makes a camera's sound as Opus, at a path of its own at the relays, for as long as it is held. */
export interface OpusInput {
  camera: string;
  /** One that is given nothing for this long has ended. */
  stalledMs: number;
}
export type OpusReport = Report<SoundHeard, 'opus.flowing' | 'opus.ended'>;
export type OpusSlot = Adapter<OpusInput, OpusReport>;

/** Has the relay that pulls a camera's source record it for as long as it is held, and tells whether its file grows. */
export interface RecordInput {
  camera: string;
  /** Id of the source that gives the camera's picture. */
  source: string;
  /** A file that has not grown for this long is `recorder.silent`. */
  silentMs: number;
  /** The same before anything was written: a recorder waits for a key frame. */
  openingMs: number;
}
export type RecordReport = Report<
  RecordingHeard,
  'recorder.growing' | 'recorder.silent' | 'recorder.full' | 'recorder.segment'
>;
export type RecordSlot = Adapter<RecordInput, RecordReport>;

/** What a camera's motors are told. Speeds from -1 to 1: right, up and in are positive. */
export type DriveOrder =
  | { kind: 'move'; pan: number; tilt: number; zoom: number /** Epoch ms; the camera is told too. */; until: number }
  | { kind: 'preset'; preset: string }
  | { kind: 'save'; preset_name: string }
  | { kind: 'stop' };

/** Tells a camera to move, to go to a preset, to remember where it looks, or to stop; what was ordered stands until the next order. */
export interface DriveInput {
  camera: string;
  url: string;
  credential?: string;
  order: DriveOrder;
}
export type DriveReport = Report<PtzHeard, 'drive.done' | 'drive.failed'>;
export type DriveSlot = Adapter<DriveInput, DriveReport>;

/** The slots of each machine, by the name it invokes them under. */
export interface CameraSlots {
  probe: ProbeSlot;
  intake: IntakeSlot;
  program: ProgramSlot;
  selection: SelectionSlot;
  eye: EyeSlot;
  alarm: AlarmSlot;
}
export interface ViewerSlots {
  seat: SeatSlot;
  alarm: AlarmSlot;
}
export interface BroadcastSlots {
  push: PushSlot;
  alarm: AlarmSlot;
}
export interface IncidentSlots {
  alarm: AlarmSlot;
}
export interface AlarmSlots {
  alarm: AlarmSlot;
}
export interface RelaySlots {
  health: HealthSlot;
  pulse: PulseSlot;
  provision: ProvisionSlot;
  alarm: AlarmSlot;
}
export interface RecordingSlots {
  record: RecordSlot;
}
export interface RenditionSlots {
  measure: MeasureSlot;
  ladder: LadderSlot;
  alarm: AlarmSlot;
}
export interface SoundSlots {
  opus: OpusSlot;
  alarm: AlarmSlot;
}
export interface PtzSlots {
  drive: DriveSlot;
  alarm: AlarmSlot;
}
