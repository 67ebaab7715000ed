import { BROADCAST_TIMES } from './broadcast/context.ts';
import {
  arrived,
  become,
  begin,
  connectAgain,
  failed,
  givenUp,
  machine,
  moveOn,
  notePicture,
} from './broadcast/parts.ts';
import {
  freed,
  held,
  hopeless,
  keepsUp,
  lagging,
  movedAway,
  onAir,
  requested,
  resumed,
  retrying,
  shown,
  slowed,
  stopped,
  triedAgain,
} from './broadcast/reasons.ts';

const fails = { target: 'retrying', actions: [failed, become('retrying', retrying)] } as const;

/**
 * The push of one camera to one destination. On air means that bytes rise at the destination's socket, not that one
 * was opened; everything else is tried again, until somebody stops it.
 */
export const broadcastMachine = machine.createMachine({
  id: 'broadcast',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet asked for' },
    camera: '',
    zone: '',
    destination: '',
    to: '',
    relay: '',
    by: '',
    picture: false,
    encoded: false,
    attempts: 0,
    deadline: 0,
  }),
  initial: 'new',
  states: {
    new: { on: { 'broadcast.requested': { target: 'wanted', actions: [begin, become('connecting', requested)] } } },
    wanted: {
      tags: ['wanted'],
      initial: 'pushing',
      on: {
        'broadcast.stopped': { target: 'stopped', actions: become('stopped', stopped) },
        'broadcast.moved': { target: '.pushing', actions: [moveOn, become('connecting', movedAway)] },
        'broadcast.held': { target: '.waiting', actions: become('waiting', held) },
        'camera.showing': { actions: notePicture },
      },
      states: {
        pushing: {
          initial: 'connecting',
          invoke: {
            src: 'push',
            id: 'push',
            input: ({ context }) => ({
              broadcast: context.id,
              camera: context.camera,
              destination: context.destination,
              relay: context.relay,
              silentMs: BROADCAST_TIMES.silentMs,
            }),
          },
          on: {
            'push.refused': [
              { guard: 'fatal', target: '#broadcast.wanted.failed', actions: [givenUp, become('failed', hopeless)] },
              { guard: 'ofThisRelay', ...fails },
            ],
            'push.ended': { guard: 'ofThisRelay', ...fails },
          },
          states: {
            connecting: {
              meta: { text: 'waits for the destination to take bytes' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'push.flowing': { guard: 'ofThisRelay', target: 'onAir', actions: [arrived, become('on-air', onAir)] },
                'alarm.rang': { target: '#broadcast.wanted.retrying', actions: [failed, become('retrying', retrying)] },
              },
            },
            onAir: {
              tags: ['on-air'],
              meta: { text: 'bytes arrive at the destination' },
              on: {
                'push.silent': {
                  guard: 'ofThisRelay',
                  target: '#broadcast.wanted.retrying',
                  actions: [failed, become('retrying', retrying)],
                },
                'push.reconnected': { guard: 'ofThisRelay', actions: become('on-air', resumed) },
                'push.slow': { guard: 'ofThisRelay', actions: become('on-air', slowed) },
                'push.lagging': [
                  {
                    guard: 'laggingLong',
                    target: '#broadcast.wanted.retrying',
                    actions: [failed, become('retrying', retrying)],
                  },
                  { guard: 'newlyLagging', actions: become('on-air', lagging) },
                ],
                'push.steady': { guard: 'ofThisRelay', actions: become('on-air', keepsUp) },
                'camera.showing': { guard: 'otherPicture', actions: [notePicture, become('on-air', shown)] },
              },
            },
          },
        },
        failed: {
          meta: { text: 'the configuration is wrong; looked at again after a while' },
          invoke: { src: 'alarm', id: 'retry', input: ({ context }) => ({ name: 'retry', at: context.deadline }) },
          on: { 'alarm.rang': { target: 'pushing', actions: [connectAgain, become('connecting', triedAgain)] } },
        },
        waiting: {
          tags: ['held'],
          meta: { text: 'lets others go first: there is not enough for all' },
          on: {
            'broadcast.freed': { target: 'pushing', actions: [connectAgain, become('connecting', freed)] },
            'broadcast.moved': { actions: moveOn },
            'broadcast.held': {},
          },
        },
        retrying: {
          meta: { text: 'waits before the next attempt' },
          invoke: { src: 'alarm', id: 'retry', input: ({ context }) => ({ name: 'retry', at: context.deadline }) },
          on: { 'alarm.rang': { target: 'pushing', actions: [connectAgain, become('connecting', triedAgain)] } },
        },
      },
    },
    stopped: {
      tags: ['over'],
      meta: { text: 'nothing is pushed' },
      on: { 'broadcast.requested': { target: 'wanted', actions: [begin, become('connecting', requested)] } },
    },
  },
});
