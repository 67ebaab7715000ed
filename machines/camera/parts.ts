import { fromCallback, setup } from 'xstate';
import { flapping } from '../policy/backoff.ts';
import type { AlarmInput, EyeInput, IntakeInput, ProbeInput, ProgramInput } from '../slots.ts';
import { CAMERA_TIMES, type CameraContext, type CameraEvent, type CameraSaid } from './context.ts';
import type { Because } from './reasons.ts';

/** The camera machine's types, slots and guards; its chart is in `../camera.ts` and `picture.ts`. */
export const machine = setup({
  types: {
    context: {} as CameraContext,
    events: {} as CameraEvent,
    emitted: {} as CameraSaid,
    input: {} as { id: string },
    tags: {} as 'watchable' | 'connected' | 'dark' | 'over',
  },
  actors: {
    probe: fromCallback<CameraEvent, ProbeInput>(() => {}),
    intake: fromCallback<CameraEvent, IntakeInput>(() => {}),
    program: fromCallback<CameraEvent, ProgramInput>(() => {}),
    eye: fromCallback<CameraEvent, EyeInput>(() => {}),
    alarm: fromCallback<CameraEvent, AlarmInput>(() => {}),
  },
  guards: {
    wanted: ({ context, event }) => {
      const keep = event.type === 'camera.configured' ? event.settings.keep : context.settings?.keep;
      return keep === 'warm' || context.audience.length > 0;
    },
    lastViewerLeft: ({ context, event }) =>
      event.type === 'audience.left' &&
      context.settings?.keep === 'on-demand' &&
      context.audience.every((viewer) => viewer === event.viewer),
    otherSources: ({ context, event }) =>
      event.type === 'camera.configured' &&
      JSON.stringify(event.settings.sources) !== JSON.stringify(context.settings?.sources),
    otherReason: ({ context, event }) =>
      event.type === 'probe.failed' && (context.state !== 'offline' || context.why.reason !== event.reason),
    fallsTooOften: ({ context, event }) => flapping(context.falls, event.at).flapping,
    otherEye: ({ context, event }) =>
      event.type === 'camera.configured' &&
      event.settings.eye !== context.settings?.eye &&
      JSON.stringify(event.settings.sources) === JSON.stringify(context.settings?.sources),
    nobodyWants: ({ context, event }) =>
      event.type === 'camera.configured' && event.settings.keep === 'on-demand' && context.audience.length === 0,
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
    rangTooOften: ({ context, event }, { name }: { name: string }) =>
      event.type === 'alarm.rang' && event.name === name && flapping(context.falls, event.at).flapping,
    fromActive: ({ context, event }) => 'source' in event && event.source === context.active,
  },
});

/** Enters an operator's state: sets it with its reason, and says so. */
export const become = (state: string, because: Because) =>
  machine.enqueueActions(({ context, event, enqueue }) => {
    const why = because(context, event);
    const picture = state === 'live';
    const recoverMs = picture && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    enqueue.assign({ state, since: event.at, why, ...(picture ? { lostAt: undefined, attempts: 0 } : {}) });
    enqueue.emit({
      type: `camera.${state}`,
      data: {
        name: context.settings?.name ?? context.id,
        zone: context.settings?.zone ?? '',
        state,
        from: context.state,
        since: event.at,
        why,
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
        ...('silent_ms' in event ? { detect_ms: event.silent_ms } : {}),
      },
    });
  });

export const remember = machine.assign(({ event }) =>
  event.type === 'camera.configured' ? { settings: event.settings } : {},
);
export const join = machine.assign(({ context, event }) =>
  event.type === 'audience.joined' ? { audience: [...new Set([...context.audience, event.viewer])] } : {},
);
export const leave = machine.assign(({ context, event }) =>
  event.type === 'audience.left' ? { audience: context.audience.filter((viewer) => viewer !== event.viewer) } : {},
);
export const wait = (ms: (context: CameraContext) => number) =>
  machine.assign(({ context, event }) => ({ deadline: event.at + ms(context) }));
export const linger = machine.assign(({ event }) => ({ lingerUntil: event.at + CAMERA_TIMES.lingerMs }));
export const losePicture = machine.assign(({ context, event }) => ({ lostAt: context.lostAt ?? event.at }));
/** The silence began before it was noticed; the camera is given up a while after its beginning. */
export const fallSilent = [
  machine.assign(({ event }) => (event.type === 'source.silent' ? { lostAt: event.at - event.silent_ms } : {})),
  machine.assign(({ context }) => ({ deadline: (context.lostAt ?? 0) + CAMERA_TIMES.offlineAfterMs })),
];
export const countFall = machine.assign(({ context, event }) => ({ falls: flapping(context.falls, event.at).falls }));
// The camera did not fall when its relay did: a fall heard moments before the relay's is the same event.
export const forgiveFall = machine.assign(({ context, event }) => ({
  falls: context.falls.filter((fall) => event.at - fall > 2_000),
}));
export const countAttempt = machine.assign(({ context }) => ({ attempts: context.attempts + 1 }));
export const learn = machine.assign(({ context, event }) => {
  if (event.type === 'probe.answered') {
    const audio = event.tracks.find((track) => track.media === 'audio')?.codec;
    const codec = event.tracks.find((track) => track.media === 'video')?.codec;
    return { audio, codec };
  }
  if (event.type !== 'source.flowing') return {};
  return { codec: event.codec, width: event.width ?? context.width, height: event.height ?? context.height };
});
