import { NOBODY_PUBLISHES, type Unreachable } from '../../bus/events/camera.ts';
import type { Why } from '../../bus/events/why.ts';
import { backoff, flapping } from '../policy/backoff.ts';
import { CAMERA_TIMES, type CameraContext, type CameraEvent, feedingStanding, type Standing } from './context.ts';

/** The reason of a transition: what set it off, the values that decided, and a sentence for a person. */
export type Because = (context: CameraContext, event: CameraEvent) => Why;

/** The reason why a source stands as it does. */
export type SourceBecause = (standing: Standing, event: CameraEvent, context: CameraContext) => Why;

const unreachable: Record<Unreachable, string> = {
  refused: 'nothing answers at its address: the camera is off, or its port is wrong',
  'no-route': 'there is no way through the network to its address',
  'unknown-host': 'its host name is not known',
  unauthorized: 'it refuses the user name or password; the next try is in a minute, so that it locks nobody out',
  'not-found': 'it answers, but has no stream at this path',
  timeout: 'it takes the connection, but says nothing',
  unsupported: 'it speaks nothing that can be shown: RTSP with H.264 or H.265 is needed',
  ended: 'it ended the stream',
  relay: 'the relay that pulls it stopped and is being restarted',
};

/** Why a picture that goes on is another one; undefined while its size is the same, or was not known. */
export function resized(
  { width: fromWidth, height: fromHeight }: Standing,
  { type, width, height }: Extract<CameraEvent, { type: 'source.flowing' }>,
): Why | undefined {
  if (!width || !height || !fromWidth || !fromHeight || (width === fromWidth && height === fromHeight))
    return undefined;
  return {
    trigger: type,
    reason: 'resized',
    text: `its picture is ${width}×${height} now, in mid-stream; it was ${fromWidth}×${fromHeight}`,
    guard: { width, height, from_width: fromWidth, from_height: fromHeight },
  };
}

const detailOf = (event: CameraEvent) => ('detail' in event ? { detail: event.detail } : {});

export const offline: SourceBecause = (standing, event) => {
  const failed = event.type === 'probe.failed';
  const reason = failed ? event.reason : 'timeout';
  const silentSince = standing.state === 'silent' ? standing.deadline - CAMERA_TIMES.offlineAfterMs : standing.since;
  const detail = failed ? event.detail : `no packet for ${event.at - silentSince} ms`;
  return {
    trigger: event.type,
    reason,
    text: detail === NOBODY_PUBLISHES ? detail : unreachable[reason],
    guard: { detail },
  };
};

export const ended: SourceBecause = (standing, event) => ({
  trigger: event.type,
  reason: 'ended',
  text: 'the stream ended; asking the camera again',
  guard: { ...detailOf(event), falls: standing.falls.length },
});

export const relayLost = (_of: unknown, event: CameraEvent): Why => ({
  trigger: event.type,
  reason: 'relay',
  text: unreachable.relay,
  guard: detailOf(event),
});

export const intakeRefused: SourceBecause = (_standing, event) => ({
  trigger: event.type,
  reason: 'relay',
  text: 'the intake relay did not take the camera; trying again',
  guard: detailOf(event),
});

export const silent: SourceBecause = (_standing, event) => ({
  trigger: event.type,
  reason: 'silent',
  text: 'connected, but it sends nothing',
  guard: 'silent_ms' in event ? { silent_ms: event.silent_ms } : {},
});

const unfit = {
  codec: 'it has another codec than the program',
  'no-video': 'it carries no video',
  'long-gop': 'its key frames are too far apart to take over at once',
  unreadable: 'it sends, but nothing that is a picture',
};

export const setAside: SourceBecause = (_standing, event) => ({
  trigger: event.type,
  reason: event.type === 'source.aside' ? event.reason : 'unsupported',
  text: event.type === 'source.aside' ? `set aside: ${unfit[event.reason]}` : 'set aside',
  guard: { ...detailOf(event), ...('silent_ms' in event ? { silent_ms: event.silent_ms } : {}) },
});

/** Whether the program, as it is fed now, can't go on with a source: by what both have told of themselves. */
export function isOtherCodec({ codec }: Standing, context: CameraContext): boolean {
  const published = feedingStanding(context)?.codec;
  return codec !== undefined && published !== undefined && codec !== published;
}

export const otherCodec: SourceBecause = ({ codec }, _event, context) => {
  const published = feedingStanding(context)?.codec;
  return {
    trigger: 'probe.answered',
    reason: 'codec',
    text: `set aside: ${unfit.codec} (${codec}, not ${published})`,
    guard: { codec, published },
  };
};

/** It flows; what the program would lose with it is told before it is needed. */
export const flows: SourceBecause = ({ remark }, { type: trigger }) => ({
  trigger,
  text: remark === undefined ? 'its picture arrives' : `its picture arrives; ${remark}`,
});

/** How long a flapping source is left alone: twice as long each time. */
export const quarantineMs = (standing: Standing): number =>
  backoff(standing.quarantines + 1, CAMERA_TIMES.quarantineMs, CAMERA_TIMES.longestQuarantineMs).waitMs;

export const comesAndGoes: SourceBecause = (standing, event) => {
  // The present fall is among them already.
  const { because } = flapping(standing.falls.slice(0, -1), event.at);
  return {
    trigger: event.type,
    reason: 'flapping',
    text: `it comes and goes: ${because}; left alone for ${quarantineMs(standing) / 1000} s`,
    guard: { falls: standing.falls.length, quarantine_ms: quarantineMs(standing) },
    rejected: [{ option: 'connect again at once', because: 'each return costs viewers a picture that breaks' }],
  };
};

export const notCarried: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'relay',
  text: 'the camera sends, but what carries it to viewers stopped and is being restarted',
  guard: detailOf(event),
});

export const still: Because = (_context, event) => ({
  trigger: event.type,
  reason: 'still',
  text: 'connected and sending, but the picture stands still',
  guard: 'still_ms' in event ? { still_ms: event.still_ms } : {},
});
