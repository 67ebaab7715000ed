import { CAMERA_TIMES } from './camera/context.ts';
import { become, join, leave, linger, machine, remember } from './camera/parts.ts';
import { picture } from './camera/picture.ts';
import { plainly } from './camera/reasons.ts';

/** Whether an awake camera is wanted: held by a setting or by viewers, or lingering after the last of them. */
const keep = machine.createStateConfig({
  initial: 'held',
  states: {
    held: {
      on: {
        'camera.configured': { guard: 'nobodyWants', target: 'lingering', actions: linger },
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
        'camera.configured': { guard: 'wanted', target: 'held' },
        'alarm.rang': {
          guard: { type: 'rang', params: { name: 'linger' } },
          target: '#camera.idle',
          actions: become('idle', plainly('nobody has watched for a while')),
        },
      },
    },
  },
});

/**
 * A camera: from its source at the intake to its program path.
 *
 * The program path is held as long as the camera is awake, so that viewers stay attached while the source is away.
 * Deadlines are absolute and kept in the context (a restored `after` would never fire).
 */
export const cameraMachine = machine.createMachine({
  id: 'camera',
  context: ({ input }) => ({
    id: input.id,
    active: '0',
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet configured' },
    audience: [],
    falls: [],
    quarantines: 0,
    attempts: 0,
    deadline: 0,
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
      invoke: {
        src: 'program',
        id: 'program',
        input: ({ context }) => ({
          camera: context.id,
          name: context.settings?.name ?? context.id,
          sources: [context.active],
          silentMs: CAMERA_TIMES.silentMs,
        }),
      },
      states: { keep, picture },
    },
    removed: { type: 'final', tags: ['over'] },
  },
});
