import { fromCallback, setup } from 'xstate';
import type { CameraState } from '../../bus/events/camera.ts';
import type { AlarmInput, EyeInput, IntakeInput, ProbeInput, ProgramInput, SelectionInput } from '../slots.ts';
import {
  activeStanding,
  CAMERA_TIMES,
  type CameraContext,
  type CameraEvent,
  type CameraSaid,
  sourceAt,
} from './context.ts';
import { type Darkness, darkness } from './darkness.ts';
import type { Because } from './reasons.ts';

const sameSources = (context: CameraContext, event: CameraEvent): boolean =>
  event.type === 'camera.configured' &&
  JSON.stringify(event.settings.sources) === JSON.stringify(context.settings?.sources);

/** The camera machine's types, slots and guards; its chart is in `../camera.ts` and the files beside this one. */
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
    selection: fromCallback<CameraEvent, SelectionInput>(() => {}),
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
    nobodyWants: ({ context, event }) =>
      event.type === 'camera.configured' && event.settings.keep === 'on-demand' && context.audience.length === 0,
    rang: ({ event }, { name }: { name: string }) => event.type === 'alarm.rang' && event.name === name,
    otherEye: ({ context, event }) =>
      event.type === 'camera.configured' && event.settings.eye !== context.settings?.eye && sameSources(context, event),
    otherIds: ({ context, event }) =>
      event.type === 'camera.configured' &&
      event.settings.sources.map(({ id }) => id).join() !== context.settings?.sources.map(({ id }) => id).join(),
    otherActive: ({ context, event }) => {
      if (event.type !== 'camera.configured') return false;
      const find = (sources: typeof event.settings.sources = []) => sources.find(({ id }) => id === context.active);
      return JSON.stringify(find(event.settings.sources)) !== JSON.stringify(find(context.settings?.sources));
    },
    moreThanTwo: ({ context }) => sourceAt(context, 2) !== undefined,
    twoAtMost: ({ context }) => sourceAt(context, 2) === undefined,
    activeFlows: ({ context }) => activeStanding(context)?.state === 'flowing',
    /** What the switcher feeds is one of the sources that are pulled, and not the one that fed it before. */
    takesOver: ({ context, event }) =>
      event.type === 'program.switched' && event.source !== context.active && canFeed(context, event.source),
    feeds: ({ context, event }) => event.type === 'program.switched' && canFeed(context, event.source),
    becomes: ({ context }, { state }: { state: Darkness['state'] }) => darkness(context)?.state === state,
  },
});

/** A source that is left alone, or was taken out, feeds nothing: who says so is late. */
function canFeed(context: CameraContext, source: string): boolean {
  const state = context.standings[source]?.state;
  return state !== undefined && state !== 'quarantined';
}

/** What a fact of this camera says whatever happened. */
export const factOf = (context: CameraContext, state: CameraContext['state'], since: number) => ({
  name: context.settings?.name ?? context.id,
  zone: context.settings?.zone ?? '',
  state,
  from: context.state,
  since,
});

/** What an event changes in what a camera knows. */
export type Change = (context: CameraContext, event: CameraEvent) => Partial<CameraContext>;

/**
 * Enters an operator's state: sets it with its reason, and says so.
 * @param first what else changes, before that. All of it is one assignment: XState makes a snapshot for each
 */
export const become = (state: CameraState, because: Because, ...first: Change[]) =>
  machine.enqueueActions(({ context: former, event, enqueue }) => {
    let context = former;
    const changes: Partial<CameraContext> = {};
    for (const change of first) {
      Object.assign(changes, change(context, event));
      context = { ...former, ...changes };
    }
    const why = because(context, event);
    const picture = state === 'live';
    const recoverMs = picture && context.lostAt !== undefined ? event.at - context.lostAt : undefined;
    const lost = event.type === 'standings.changed' || event.type === 'program.holding';
    const detectMs = lost ? event.detect_ms : undefined;
    enqueue.assign({ ...changes, state, since: event.at, why, ...(picture ? { lostAt: undefined } : {}) });
    enqueue.emit({
      type: `camera.${state}`,
      data: {
        ...factOf(context, state, event.at),
        why,
        ...(recoverMs === undefined ? {} : { recover_ms: recoverMs }),
        ...(detectMs === undefined ? {} : { detect_ms: detectMs }),
        ...(picture ? { active_source: context.active } : {}),
      },
    });
  });

/** Tells the other parts that a source, or what feeds the program, stands otherwise now. */
export const tellStandings = machine.raise(({ event }) => ({
  type: 'standings.changed' as const,
  id: event.id,
  at: event.at,
  ...('silent_ms' in event ? { detect_ms: event.silent_ms } : {}),
}));

export const remember = machine.assign(({ context, event }) => {
  if (event.type !== 'camera.configured') return {};
  const { settings } = event;
  const present = (id: string | undefined) => settings.sources.some((source) => source.id === id);
  const active = present(context.active) ? context.active : (settings.sources[0]?.id ?? context.active);
  const standings = Object.fromEntries(Object.entries(context.standings).filter(([id]) => present(id)));
  // A choice that stands under another hand-back time is made anew with it.
  const sameRule = settings.hand_back_ms === context.settings?.hand_back_ms;
  return {
    settings,
    active,
    standings,
    ...(sameRule || !context.choice ? {} : { chosenAt: event.at }),
    ...(present(context.chosen) ? {} : { chosen: undefined, chooser: undefined }),
  };
});
export const join = machine.assign(({ context, event }) =>
  event.type === 'audience.joined' ? { audience: [...new Set([...context.audience, event.viewer])] } : {},
);
export const leave = machine.assign(({ context, event }) =>
  event.type === 'audience.left' ? { audience: context.audience.filter((viewer) => viewer !== event.viewer) } : {},
);
export const linger = machine.assign(({ event }) => ({ lingerUntil: event.at + CAMERA_TIMES.lingerMs }));
/** A camera that nobody wants forgets how its sources stood. */
export const sleep = machine.assign({ standings: {}, fed: false, choice: undefined, lostAt: undefined });
/** The silence of the active source began before it was noticed. */
export const losePicture: Change = (context, event) => {
  const active = activeStanding(context);
  const noticed = event.type === 'program.holding' ? event.at - event.detect_ms : event.at;
  const began = active?.state === 'silent' ? active.deadline - CAMERA_TIMES.offlineAfterMs : noticed;
  return { lostAt: context.lostAt ?? began };
};
