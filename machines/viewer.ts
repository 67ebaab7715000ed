import { adapting, arriveOnRung, chooseRung, stayOnRung } from './viewer/adapting.ts';
import { allotting, goToAllotted, noteCeiling, outbid } from './viewer/allotting.ts';
import { isAddressed, VIEWER_TIMES } from './viewer/context.ts';
import { arrive, endMove, moving, noteLoss, noteMove, stay, waitForMove } from './viewer/moving.ts';
import {
  addLeg,
  admitted,
  connecting,
  denied,
  dropLeg,
  dropSeat,
  ended,
  forgetRelay,
  machine,
  noteFirstFrame,
  noteQuality,
  noteStandby,
  renew,
  request,
  seatLeg,
  seatLost,
  seatSession,
  waitForConnection,
  watching,
} from './viewer/parts.ts';
import { tellExcused, tellPath, tellStale } from './viewer/signs.ts';

const moveAlarm = {
  src: 'alarm',
  id: 'move',
  input: ({ context }: { context: { deadline: number } }) => ({ name: 'move', at: context.deadline }),
} as const;
/** What its network, or the picture itself, shows leads to another rung; the picture that is there stays until that one comes. */
const adapts = {
  guard: 'adapts',
  target: 'adapting',
  reenter: true,
  actions: [chooseRung, waitForMove, adapting],
} as const;

/**
 * A viewer session: one person's entitlement to one camera, from the request to its end.
 *
 * The seat at the relay is held from admission to the end, so that whatever connects with this session's tokens is
 * seen, and is cut the moment the session ends.
 */
export const viewerMachine = machine.createMachine({
  id: 'viewer',
  context: ({ input }) => ({
    id: input.id,
    state: 'new',
    since: 0,
    why: { trigger: 'new', text: 'not yet requested' },
    camera: '',
    zone: '',
    protocol: '',
    quality: '',
    fixed: false,
    ladder: false,
    turns: [],
    relay: '',
    standby: '',
    address: '',
    expires_at: 0,
    legs: {},
    deadline: 0,
  }),
  initial: 'requested',
  states: {
    requested: {
      meta: { text: 'asks to watch' },
      on: {
        'viewer.requested': [
          { guard: 'admissible', target: 'open', actions: [request, waitForConnection, admitted] },
          { target: 'denied', actions: [request, denied] },
        ],
      },
    },
    open: {
      tags: ['open'],
      type: 'parallel',
      invoke: {
        src: 'seat',
        id: 'seat',
        input: ({ context }) => ({
          session: context.id,
          relay: context.relay,
          tokenLifeMs: isAddressed(context.protocol) ? context.expires_at - context.since : VIEWER_TIMES.relayTokenMs,
        }),
      },
      on: {
        'viewer.revoked': { target: 'ended', actions: ended('revoked', 'the right to watch was taken back') },
        'viewer.displaced': {
          target: 'ended',
          actions: ended('displaced', 'every relay is full, and somebody with priority has its place'),
        },
        'path.excused': { actions: tellExcused },
        'playlist.stale': { actions: tellStale },
        'bandwidth.denied': { target: 'ended', actions: outbid },
        'bandwidth.allotted': { actions: noteCeiling },
        'viewer.closed': { target: 'ended', actions: ended('closed', 'the viewer left') },
        'camera.removed': { target: 'ended', actions: ended('camera-removed', 'the camera was taken out') },
        'standby.chosen': { actions: noteStandby },
        'leg.closed': { actions: dropLeg },
        'relay.lost': { actions: forgetRelay },
      },
      states: {
        entitlement: {
          initial: 'valid',
          states: {
            valid: {
              invoke: {
                src: 'alarm',
                id: 'expiry',
                input: ({ context }) => ({ name: 'expiry', at: context.expires_at }),
              },
              on: {
                'viewer.renewed': { target: 'valid', reenter: true, actions: renew },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'expiry' } },
                  target: '#viewer.ended',
                  actions: ended('expired', 'the entitlement ran out and was not renewed'),
                },
              },
            },
          },
        },
        path: {
          initial: 'good',
          states: {
            good: {
              on: {
                'path.degraded': {
                  target: 'degraded',
                  actions: tellPath('degraded', 'the network to this viewer loses packets or frames'),
                },
              },
            },
            degraded: {
              on: {
                'path.recovered': {
                  target: 'good',
                  actions: tellPath('recovered', 'the network to this viewer is good again'),
                },
              },
            },
          },
        },
        picture: {
          initial: 'admitted',
          states: {
            admitted: {
              meta: { text: 'let in; nobody has connected yet' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'leg.opened': { target: 'connecting', actions: [seatLeg, waitForConnection, connecting] },
                'seat.taken': { target: 'watching', actions: [seatSession, watching] },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'connect' } },
                  target: '#viewer.ended',
                  actions: ended('never-connected', 'nobody connected in time'),
                },
              },
            },
            connecting: {
              meta: { text: 'the connection is being made' },
              invoke: {
                src: 'alarm',
                id: 'connect',
                input: ({ context }) => ({ name: 'connect', at: context.deadline }),
              },
              on: {
                'leg.opened': { actions: seatLeg },
                'leg.playing': {
                  guard: 'knownLeg',
                  target: 'watching',
                  actions: [noteFirstFrame, noteQuality, watching],
                },
                'seat.taken': { target: 'watching', actions: [seatSession, watching] },
                'seat.left': { actions: dropSeat },
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'connect' } },
                  target: '#viewer.ended',
                  actions: ended('not-connected', 'the connection was not made in time'),
                },
              },
            },
            watching: {
              meta: { text: 'the picture is on screen' },
              on: {
                'leg.opened': { actions: addLeg },
                'leg.playing': [
                  { guard: 'elsewhere', actions: [noteFirstFrame, ...arrive] },
                  { actions: [noteFirstFrame, noteQuality] },
                ],
                'path.degraded': adapts,
                'path.recovered': adapts,
                'rung.late': adapts,
                'bandwidth.allotted': [
                  {
                    guard: 'allottedOther',
                    target: 'adapting',
                    actions: [goToAllotted, noteCeiling, waitForMove, allotting],
                  },
                  { actions: noteCeiling },
                ],
                'move.begun': { target: 'moving', actions: [noteMove, waitForMove, moving] },
                'relay.lost': [
                  { guard: 'carried', target: 'moving', actions: [noteLoss, waitForMove, moving, forgetRelay] },
                  { actions: forgetRelay },
                ],
                'leg.closed': [
                  { guard: 'lastLeg', target: 'connecting', actions: [dropLeg, waitForConnection, seatLost] },
                  { actions: dropLeg },
                ],
                'seat.taken': { actions: seatSession },
                'seat.left': [
                  { guard: 'lastSeat', target: 'connecting', actions: [dropSeat, waitForConnection, seatLost] },
                  { actions: dropSeat },
                ],
              },
            },
            adapting: {
              meta: { text: 'another rung is to carry the picture' },
              invoke: moveAlarm,
              on: {
                'path.degraded': adapts,
                'leg.opened': { actions: addLeg },
                'leg.playing': [
                  { guard: 'onRung', target: 'watching', actions: [noteFirstFrame, ...arriveOnRung] },
                  { guard: 'elsewhere', target: 'watching', actions: [noteFirstFrame, ...arrive] },
                  { actions: [noteFirstFrame, noteQuality] },
                ],
                'leg.refused': { target: 'watching', actions: stayOnRung },
                'move.begun': { target: 'moving', actions: [noteMove, waitForMove, moving] },
                'relay.lost': [
                  { guard: 'carried', target: 'moving', actions: [noteLoss, waitForMove, moving, forgetRelay] },
                  { actions: forgetRelay },
                ],
                'leg.closed': [
                  { guard: 'rungGivenUp', target: 'watching', actions: [dropLeg, ...stayOnRung] },
                  { guard: 'lastLeg', target: 'connecting', actions: [dropLeg, endMove, waitForConnection, seatLost] },
                  { actions: dropLeg },
                ],
                'seat.taken': { actions: seatSession },
                'seat.left': [
                  {
                    guard: 'lastSeat',
                    target: 'connecting',
                    actions: [dropSeat, endMove, waitForConnection, seatLost],
                  },
                  { actions: dropSeat },
                ],
                'alarm.rang': {
                  guard: { type: 'rang', params: { name: 'move' } },
                  target: 'watching',
                  actions: stayOnRung,
                },
              },
            },
            moving: {
              meta: { text: 'another relay is to carry the picture' },
              invoke: moveAlarm,
              on: {
                'move.begun': { actions: noteMove },
                'leg.opened': { actions: addLeg },
                'leg.playing': { guard: 'knownLeg', target: 'watching', actions: [noteFirstFrame, ...arrive] },
                'leg.refused': { guard: 'notTaken', target: 'watching', actions: stay },
                'leg.closed': [
                  { guard: 'givenUp', target: 'watching', actions: [...stay, dropLeg] },
                  { actions: dropLeg },
                ],
                'seat.taken': [
                  { guard: 'unguided', target: 'watching', actions: [seatSession, ...arrive] },
                  { actions: seatSession },
                ],
                'seat.left': { actions: dropSeat },
                'alarm.rang': [
                  { guard: 'notGone', target: 'watching', actions: stay },
                  {
                    guard: { type: 'rang', params: { name: 'move' } },
                    target: '#viewer.ended',
                    actions: ended('not-moved', 'no relay carried the picture on in time'),
                  },
                ],
              },
            },
          },
        },
      },
    },
    denied: { type: 'final', tags: ['over'], meta: { text: 'was not let in' } },
    ended: { type: 'final', tags: ['over'], meta: { text: 'is over' } },
  },
});
