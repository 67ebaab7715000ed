import Type from 'typebox';
import { MAX_RELAYS } from '../../bus/events/relay.ts';
import type { Measured } from '../../bus/events/rendition.ts';
import { IdSchema } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';

/** What a gateway tells a switcher, and what it hears back: the messages of the switcher link. */

/** No more cameras than this in one switcher process: one that dies takes few along. */
export const MAX_CAMERAS = 20;

const Address = Type.String({ pattern: '^rtsps?://', maxLength: 4096 });

/** Feed this camera's program path at these relays from these sources, preferred first. Repeating it is harmless. */
export const carryOrder = shape(
  'carry order',
  Type.Object({
    type: Type.Literal('carry'),
    epoch: Type.Integer({ minimum: 0 }),
    camera: IdSchema,
    name: Type.String({ maxLength: 200 }),
    sources: Type.Array(Type.Object({ id: IdSchema, url: Address }), { minItems: 1, maxItems: 8 }),
    outputs: Type.Array(Type.Object({ relay: Type.String({ minLength: 1, maxLength: 64 }), url: Address }), {
      maxItems: MAX_RELAYS,
    }),
    /** Which source shall feed the program. A new `run` is obeyed once; the same one again changes nothing. */
    active: Type.Object({ source: IdSchema, how: Type.Enum(['clean', 'at-once']), run: Type.Integer({ minimum: 0 }) }),
    /** Sources that may take over without asking, in order. */
    armed: Type.Array(IdSchema, { maxItems: 8 }),
    /** Prepared clips that feed the program when no source does, by codec: files of Annex B access units. */
    slate: Type.Optional(Type.Partial(Type.Object({ H264: Type.String(), H265: Type.String() }))),
    /** What its ladder makes of it, where a relay has that: departure paths can begin with it. */
    rungs: Type.Optional(Type.Array(Type.Object({ name: IdSchema, url: Address }), { maxItems: 8 })),
    silent_ms: Type.Integer({ minimum: 20, maximum: 600_000 }),
    keyframes: Type.Boolean(),
  }),
);
export type CarryOrder = Of<typeof carryOrder>;

/** Stop feeding this camera's program path. */
export const dropOrder = shape(
  'drop order',
  Type.Object({ type: Type.Literal('drop'), epoch: Type.Integer({ minimum: 0 }), camera: IdSchema }),
);
export type DropOrder = Of<typeof dropOrder>;

/** Keep exactly these departure paths ready: silent, until one is told to depart. Repeating it is harmless. */
export const departuresOrder = shape(
  'departures order',
  Type.Object({
    type: Type.Literal('departures'),
    epoch: Type.Integer({ minimum: 0 }),
    camera: IdSchema,
    items: Type.Array(
      Type.Object({ id: IdSchema, relay: Type.String({ minLength: 1, maxLength: 64 }), url: Address }),
      { maxItems: 256 },
    ),
  }),
);
export type DeparturesOrder = Of<typeof departuresOrder>;

/** The reader of this departure path is connected: send it what is stored, then live. */
export const departOrder = shape(
  'depart order',
  Type.Object({
    type: Type.Literal('depart'),
    epoch: Type.Integer({ minimum: 0 }),
    camera: IdSchema,
    id: IdSchema,
    /** Of this rung, instead of the program; what is stored goes no faster than `bps`, as for a line that is narrow. */
    rung: Type.Optional(Type.Object({ name: IdSchema, bps: Type.Integer({ minimum: 1_000 }) })),
  }),
);
export type DepartOrder = Of<typeof departOrder>;

/** Tell what this camera's program carries. It changes nothing, so that anybody may ask. */
export const measureOrder = shape('measure order', Type.Object({ type: Type.Literal('measure'), camera: IdSchema }));
export type MeasureOrder = Of<typeof measureOrder>;

/**
 * How a source stands. `opening` until its first packet; `ended` is retried all the time; `aside` sends, but can't take
 * over in the program as it is. Whatever is no picture counts as silence; where packets come all the same, it is
 * `unreadable`.
 */
export interface SourceTold {
  type: 'source';
  camera: string;
  source: string;
  state: 'opening' | 'flowing' | 'silent' | 'ended' | 'aside';
  reason?: 'codec' | 'no-video' | 'long-gop' | 'unreadable';
  codec?: string;
  width?: number;
  height?: number;
  silent_ms?: number;
  detail?: string;
}

/** What became of a source that fed the program, and was left for it. */
export type Loss = 'ended' | 'silent' | 'unreadable';

/** A source feeds the program now. */
export interface SwitchedTold {
  type: 'switched';
  camera: string;
  /** Tells this change from every other one of the camera: what is told again is known by it. */
  id: number;
  source: string;
  /** The source before, `slate`, or nothing at the first. */
  from: string;
  trigger: Loss | 'ordered' | 'first';
  how: 'clean' | 'burst';
  /** From the last packet of the one before to noticing. */
  detect_ms: number;
  /** From the last packet sent before to the first one of this source. */
  gap_ms: number;
  /** Stored pictures that were sent at once. */
  burst_frames?: number;
}

/** No source is left: the slate feeds the program, or nothing does where no clip is prepared. */
export interface HoldingTold {
  type: 'holding';
  camera: string;
  id: number;
  from: string;
  trigger: Loss;
  detect_ms: number;
  slate: boolean;
}

/** The departure paths of a camera: those that are kept, and those that somebody may be sent to. */
export interface DeparturesTold {
  type: 'departures';
  camera: string;
  known: string[];
  /** None while the camera has no picture to start with. */
  ready: string[];
  /** The rungs that they can begin with, too. */
  rungs?: string[];
  /** Those that carry the camera's own picture until the rung that they are for is back. */
  lacking?: string[];
}

/** How the program path at one relay stands. `down` is retried all the time. */
export interface OutputTold {
  type: 'output';
  camera: string;
  relay: string;
  state: 'up' | 'down';
  detail?: string;
}

/** What a camera's program carries; nothing while its source has not yet sent two key frames. */
export interface MeasuredTold {
  type: 'measured';
  camera: string;
  measured?: Measured;
}

/** A key frame as an Annex B access unit in the payload. */
export interface KeyFrameTold {
  type: 'keyframe';
  camera: string;
  source: string;
  codec: string;
}

/** What a camera's program carried in the last second; `inter_bps` is video between key frames. */
export interface Rate {
  camera: string;
  bitrate_bps: number;
  fps: number;
  inter_bps: number;
}

/** What feeds a camera's program comes so late; told a few times a second while it lasts. */
export interface DelayTold {
  type: 'delay';
  camera: string;
  late_ms: number;
}

/** Everything a switcher says. */
export type Told =
  | { type: 'hello'; switcher: string; cameras: string[] }
  | SourceTold
  | OutputTold
  | SwitchedTold
  | HoldingTold
  | DeparturesTold
  | MeasuredTold
  | KeyFrameTold
  | DelayTold
  | { type: 'rates'; items: Rate[] }
  | { type: 'refused'; camera: string; reason: 'epoch' | 'full' | 'order'; text: string };
