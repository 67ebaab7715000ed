import type {
  CameraHeard,
  CameraSettings,
  CameraState,
  PublishedBy,
  Publisher,
  Source,
} from '../../bus/events/camera.ts';
import type { Doer } from '../../bus/events/doer.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';
import { CHOICE_TIMES, type Choice, type Situation, type SourceStanding } from '../policy/sources.ts';

/** Somebody who sent a source to another intake than its camera's. */
export interface Misplaced {
  source: string;
  /** Where they went. */
  intake: string;
  publisher: Publisher;
  /** Epoch ms. */
  at: number;
  why: Why;
}

/** How one source of a camera stands: what its own statechart says of it to the others. */
export interface Standing {
  state: SourceStanding['state'];
  /** Epoch ms since when; of a flowing source, since when it has been steady. */
  since: number;
  why: Why;
  /** Epoch ms of recent losses, for telling flapping. */
  falls: number[];
  /** Epoch ms at which it was lost while it fed the program: each one makes the way back longer. */
  lapses: number[];
  /** How often in a row it was set aside for flapping. */
  quarantines: number;
  /** Attempts to open it that brought no picture, in a row. */
  attempts: number;
  /** Epoch ms at which the present state gives up waiting. */
  deadline: number;
  /** Its picture stood still when it was last looked at. */
  frozen: boolean;
  /** What it carries, once known. */
  codec?: string;
  audio?: string;
  width?: number;
  height?: number;
  /** What the program loses with it, by its switcher. */
  remark?: string | undefined;
}

/** What a camera cell knows: plain JSON, journalled whole. */
export interface CameraContext {
  id: string;
  /** Undefined only before the first `camera.configured`. */
  settings?: CameraSettings;
  /** Id of the source that feeds the program path, or fed it last. */
  active: string;
  /** Whether any source has fed it since the camera awoke. */
  fed: boolean;
  /** How each source stands, by id. */
  standings: Record<string, Standing>;
  /** The source that an operator wants, until it fails. */
  chosen?: string;
  /** Who wants it. */
  chooser?: Doer;
  /** The present choice among the sources, while awake. */
  choice?: Choice;
  /** Epoch ms at which the present choice was made. */
  chosenAt: number;
  /** The state an operator sees, since when (epoch ms), and why. */
  state: CameraState | 'new';
  since: number;
  why: Why;
  /** Who sends which source to us, by its id. */
  publishers?: Record<string, PublishedBy>;
  /** Who last sent a source to another intake than this camera's, and was cut; until somebody sends it where it belongs. */
  misplaced?: Misplaced | undefined;
  /** Viewers that keep an on-demand camera awake. */
  audience: string[];
  /** When the picture was lost (epoch ms); undefined while there is one. */
  lostAt?: number;
  /** Epoch ms at which an on-demand camera that nobody watches is let go. */
  lingerUntil: number;
}

/** Durations of the camera machine, in ms. */
export const CAMERA_TIMES = {
  /** No packet for this long: stalled. The adapter is told a little less, to be heard within the second. */
  silentMs: 900,
  /** Silent this long in all: offline. */
  offlineAfterMs: 5_000,
  /** A source that answers must bring its first packet within this time. */
  openingMs: 5_000,
  /** Between two knocks at a camera that does not answer: it returns within half a second of coming back. */
  knockEveryMs: 200,
  /** After a wrong password: cameras lock accounts. */
  unauthorizedEveryMs: 60_000,
  /** Identical key frames over this span: frozen within 10 s at a GOP of 2 s. */
  stillMs: 7_500,
  /** An on-demand camera stays awake this long after its last viewer. */
  lingerMs: 20_000,
  quarantineMs: 30_000,
  longestQuarantineMs: 600_000,
};

/** What the parts of a camera tell each other within one step: a source, or what it feeds, stands otherwise now. */
export interface StandingsChanged {
  type: 'standings.changed';
  /** From what happened to noticing it, where it was measured. */
  detect_ms?: number;
}

/** What the camera machine hears. */
export type CameraEvent = Stamped<CameraHeard | StandingsChanged>;

/** A camera's fact as the machine emits it; the cell stamps it. */
export interface CameraSaid {
  type: `camera.${string}`;
  data: Record<string, unknown>;
}

/** The source at a place of the preferred order; undefined when fewer are configured. */
export const sourceAt = ({ settings }: CameraContext, place: number): Source | undefined => settings?.sources[place];

/** How the source that feeds the program stands; undefined while the camera is not awake. */
export const activeStanding = (context: CameraContext): Standing | undefined => context.standings[context.active];

/** How the source stands that feeds the program now; undefined while none does. */
export function feedingStanding(context: CameraContext): Standing | undefined {
  const active = activeStanding(context);
  return context.fed && active?.state === 'flowing' ? active : undefined;
}

/** How long a better source must be steady before it is handed back to. */
export const handBackMs = ({ settings }: CameraContext): number | 'never' =>
  settings?.hand_back_ms ?? CHOICE_TIMES.handBackMs;

/** The sources as the choice among them sees them. */
export function situationOf(context: CameraContext, at: number): Situation {
  const sources = (context.settings?.sources ?? []).map(({ id }): SourceStanding => {
    const standing = context.standings[id];
    if (!standing) return { id, state: 'connecting', since: at, text: 'not yet asked', frozen: false, lapses: [] };
    const { state, since, why, frozen, lapses } = standing;
    return { id, state, since, text: why.text, frozen, lapses };
  });
  const { active, chosen, chooser } = context;
  const fed = context.fed && context.lostAt === undefined;
  return {
    ...{ sources, active, fed, handBackMs: handBackMs(context), at },
    ...(chosen === undefined ? {} : { chosen }),
    ...(chooser === undefined ? {} : { chooser }),
  };
}
