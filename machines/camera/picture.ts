import { plainly } from '../plainly.ts';
import { CAMERA_TIMES, type CameraContext } from './context.ts';
import { type Darkness, darkness } from './darkness.ts';
import { become, losePicture, machine, tellStandings } from './parts.ts';
import { notCarried, relayLost, still } from './reasons.ts';
import { feedAgain, lapse, noteStill, startAnew, takeOver, takeOverUnseen } from './takeover.ts';

/** Enters what the picture becomes without a source that feeds it. */
const darken = (state: Darkness['state']) =>
  become(
    state,
    (context: CameraContext, event) =>
      darkness(context)?.why ?? { trigger: event.type, text: 'no source feeds the program' },
    losePicture,
  );
const becomes = (state: Darkness['state']) => ({
  guard: { type: 'becomes' as const, params: { state } },
  actions: darken(state),
});

/** The slate feeds the program. */
const hold = [become('holding', plainly('signal lost; asking its sources'), lapse, losePicture), tellStandings];

/** A source feeds the program and is carried to viewers; the eye looks at what it shows. */
const carried = machine.createStateConfig({
  tags: ['connected', 'watchable'],
  initial: 'live',
  invoke: {
    src: 'eye',
    id: 'eye',
    input: ({ context }) => ({
      camera: context.id,
      stillMs: CAMERA_TIMES.stillMs,
      enabled: context.settings?.eye ?? false,
    }),
  },
  on: {
    'camera.configured': {
      guard: 'otherEye',
      target: 'carried',
      reenter: true,
      actions: [become('live', plainly('its settings were changed'), noteStill(false)), tellStandings],
    },
    'program.switched': [{ guard: 'takesOver', target: '.live', actions: takeOver }, {}],
    'program.holding': { target: 'holding', actions: hold },
    'program.lost': { target: 'unpublished', actions: become('connecting', notCarried, losePicture) },
    'intake.lost': { target: 'holding', actions: become('holding', relayLost, losePicture) },
  },
  states: {
    live: {
      meta: { text: 'its picture arrives and moves' },
      on: { 'eye.frozen': { target: 'frozen', actions: [become('frozen', still, noteStill(true)), tellStandings] } },
    },
    frozen: {
      meta: { text: 'bytes flow, the picture stands still' },
      on: {
        'eye.moved': {
          target: 'live',
          actions: [become('live', plainly('the picture moves again'), noteStill(false)), tellStandings],
        },
      },
    },
  },
});

/** A source gives its picture, but a relay or switcher that carries it is away. */
const unpublished = machine.createStateConfig({
  meta: { text: 'sends, but is not carried to viewers' },
  tags: ['dark'],
  on: {
    'standings.changed': { guard: 'activeFlows' },
    'program.switched': [{ guard: 'takesOver', actions: takeOverUnseen }, {}],
    'program.restored': [
      {
        guard: 'activeFlows',
        target: 'carried',
        actions: become('live', plainly('it is carried to viewers again')),
      },
      { target: 'holding', actions: become('holding', plainly('carried to viewers again; no source feeds it yet')) },
    ],
  },
});

/** The picture region of an awake camera: what an operator sees of all its sources together. */
export const picture = machine.createStateConfig({
  initial: 'connecting',
  on: {
    'camera.configured': {
      guard: 'otherActive',
      target: '.connecting',
      actions: become('connecting', plainly('its address was changed'), losePicture, startAnew),
    },
    'program.switched': [
      { guard: 'takesOver', target: '.carried', actions: takeOver },
      {
        guard: 'feeds',
        target: '.carried',
        actions: [become('live', plainly('its picture arrives'), feedAgain), tellStandings],
      },
    ],
    'standings.changed': [
      { target: '.switching', ...becomes('switching') },
      { target: '.connecting', ...becomes('connecting') },
      { target: '.holding', ...becomes('holding') },
      { target: '.stalled', ...becomes('stalled') },
      { target: '.offline', ...becomes('offline') },
      { target: '.quarantined', ...becomes('quarantined') },
    ],
  },
  states: {
    connecting: { meta: { text: 'asking the camera' }, tags: ['dark'] },
    carried,
    unpublished,
    switching: {
      meta: { text: 'another source takes over' },
      tags: ['connected'],
      on: { 'program.holding': { target: 'holding', actions: hold } },
    },
    holding: {
      meta: { text: 'no source; its viewers see the slate' },
      tags: ['dark'],
      on: {
        'program.holding': { actions: [machine.assign(({ context, event }) => lapse(context, event)), tellStandings] },
      },
    },
    stalled: { meta: { text: 'connected, sends nothing' }, tags: ['connected'] },
    offline: {
      meta: { text: 'can’t be reached' },
      tags: ['dark'],
      on: { 'intake.lost': { target: 'holding', actions: become('holding', relayLost) } },
    },
    quarantined: { meta: { text: 'comes and goes; left alone for a while' }, tags: ['dark'] },
  },
});
