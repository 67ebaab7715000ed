import { CAMERA_TIMES } from './camera/context.ts';
import { become, join, leave, linger, machine, remember, sleep, tellStandings } from './camera/parts.ts';
import { picture } from './camera/picture.ts';
import { noteMisplaced, notePublisher } from './camera/publisher.ts';
import { selection } from './camera/selection.ts';
import { sourceRegion } from './camera/source.ts';
import { plainly } from './plainly.ts';

/** Other sources or another time to hand back make another choice. */
const heed = [remember, tellStandings];

/**
 * Whether an awake camera is wanted: held by a setting or by viewers, or lingering after the last of them. It is the
 * first region: what is configured is known to the others when they hear of it.
 */
const keep = machine.createStateConfig({
  initial: 'held',
  states: {
    held: {
      on: {
        'camera.configured': [
          { guard: 'nobodyWants', target: 'lingering', actions: [...heed, linger] },
          { actions: heed },
        ],
        'audience.left': [
          { guard: 'lastViewerLeft', target: 'lingering', actions: [leave, linger] },
          { actions: leave },
        ],
      },
    },
    lingering: {
      invoke: { src: 'alarm', id: 'linger', input: ({ context }) => ({ name: 'linger', at: context.lingerUntil }) },
      on: {
        'audience.joined': { target: 'held', actions: join },
        'camera.configured': [{ guard: 'wanted', target: 'held', actions: heed }, { actions: heed }],
        'alarm.rang': {
          guard: { type: 'rang', params: { name: 'linger' } },
          target: '#camera.idle',
          actions: [sleep, become('idle', plainly('nobody has watched for a while'))],
        },
      },
    },
  },
});

/** The program path is held as long as the camera is awake, so that viewers stay attached while a source is away. */
const program = machine.createStateConfig({
  initial: 'held',
  states: {
    held: {
      invoke: {
        src: 'program',
        id: 'program',
        input: ({ context }) => ({
          camera: context.id,
          name: context.settings?.name ?? context.id,
          sources: (context.settings?.sources ?? []).map(({ id }) => id),
          silentMs: CAMERA_TIMES.silentMs,
        }),
      },
      on: { 'camera.configured': { guard: 'otherIds', target: 'held', reenter: true } },
    },
  },
});

/** Places beyond the second: few cameras have them, and every event is offered to every place that is there. */
const further = machine.createStateConfig({
  initial: 'none',
  states: {
    none: { always: { guard: 'moreThanTwo', target: 'some' } },
    some: {
      type: 'parallel',
      always: { guard: 'twoAtMost', target: 'none' },
      states: {
        source2: sourceRegion(2),
        source3: sourceRegion(3),
        source4: sourceRegion(4),
        source5: sourceRegion(5),
        source6: sourceRegion(6),
        source7: sourceRegion(7),
      },
    },
  },
});

/** A statechart for each source; places without a source are absent. */
const sources = machine.createStateConfig({
  type: 'parallel',
  states: { source0: sourceRegion(0), source1: sourceRegion(1), further },
});

/**
 * A camera: from its sources at the intake to its program path.
 *
 * Deadlines are absolute and kept in the context (a restored `after` would never fire).
 */
export const cameraMachine = machine.createMachine({
  id: 'camera',
  context: ({ input }) => ({
    id: input.id,
    active: '0',
    fed: false,
    standings: {},
    chosenAt: 0,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    audience: [],
    lingerUntil: 0,
  }),
  initial: 'new',
  on: {
    'camera.removed': {
      target: '.removed',
      actions: become('removed', plainly('taken out of the configuration')),
    },
    'audience.joined': { actions: join },
    'audience.left': { actions: leave },
    'camera.configured': { actions: remember },
    'publisher.came': { actions: notePublisher },
    'publisher.left': { actions: notePublisher },
    'publisher.misplaced': { actions: noteMisplaced },
  },
  states: {
    new: {
      on: {
        'camera.configured': [
          {
            guard: 'wanted',
            target: 'awake',
            actions: [remember, become('connecting', plainly('asking the camera'))],
          },
          { target: 'idle', actions: [remember, become('idle', plainly('nobody watches'))] },
        ],
      },
    },
    idle: {
      meta: { text: 'not pulled: nobody watches' },
      tags: ['dark'],
      on: {
        'audience.joined': {
          target: 'awake',
          actions: [join, become('connecting', plainly('somebody watches'))],
        },
        'camera.configured': [
          { guard: 'wanted', target: 'awake', actions: [remember, become('connecting', plainly('kept warm'))] },
          { actions: remember },
        ],
      },
    },
    awake: {
      type: 'parallel',
      states: { keep, program, sources, selection, picture },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});
