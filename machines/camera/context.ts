import type { CameraHeard, CameraSettings, Source } from '../../bus/events/camera.ts';
import type { Stamped } from '../../bus/events/stamp.ts';
import type { Why } from '../../bus/events/why.ts';

/** What a camera cell knows: plain JSON, journalled whole. */
export interface CameraContext {
  id: string;
  /** Undefined only before the first `camera.configured`. */
  settings?: CameraSettings;
  /** Id of the source that feeds the program path. */
  active: string;
  /** The state an operator sees, since when (epoch ms), and why. */
  state: string;
  since: number;
  why: Why;
  /** What the active source carries, once known. */
  codec?: string;
  audio?: string;
  width?: number;
  height?: number;
  /** Viewers that keep an on-demand camera awake. */
  audience: string[];
  /** When the picture was lost (epoch ms); undefined while there is one. */
  lostAt?: number;
  /** Epoch ms of recent losses, for telling flapping. */
  falls: number[];
  /** How often in a row it was set aside for flapping. */
  quarantines: number;
  /** Attempts to open the source that brought no picture, in a row. */
  attempts: number;
  /** Epoch ms at which the present state gives up waiting. */
  deadline: number;
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

/** What the camera machine hears. */
export type CameraEvent = Stamped<CameraHeard>;

/** A camera's fact as the machine emits it; the cell stamps it. */
export interface CameraSaid {
  type: `camera.${string}`;
  data: Record<string, unknown>;
}

/** The source that feeds the program path. */
export function activeSource(context: CameraContext): Source {
  const found = context.settings?.sources.find((candidate) => candidate.id === context.active);
  if (!found) throw new Error(`camera ${context.id} has no source ${context.active}`);
  return found;
}
