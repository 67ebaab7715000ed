import type { CameraHeard } from '../../bus/events/camera.ts';

type Heard<T extends CameraHeard['type']> = Extract<CameraHeard, { type: T }>;

/** A source answers a knock at its door. */
export const answers = (source = '0', codec = 'H264'): Heard<'probe.answered'> => ({
  type: 'probe.answered',
  source,
  tracks: [{ media: 'video', codec }],
  elapsed_ms: 3,
});

/** A source does not answer. */
export const fails = (source = '0', reason: Heard<'probe.failed'>['reason'] = 'refused'): Heard<'probe.failed'> => ({
  type: 'probe.failed',
  source,
  reason,
  detail: 'ECONNREFUSED',
});

/** Packets of a source arrive at the switcher. */
export const flows = (source = '0'): Heard<'source.flowing'> => ({
  type: 'source.flowing',
  source,
  codec: 'H264',
  width: 1280,
  height: 720,
});

export const ends = (source = '0'): Heard<'source.ended'> => ({ type: 'source.ended', source, detail: 'closed' });

/** The switcher feeds the program from a source; without more, for the first time. */
export const feeds = (source = '0', more: Partial<Heard<'program.switched'>> = {}): Heard<'program.switched'> => ({
  type: 'program.switched',
  source,
  from: '',
  trigger: 'first',
  how: 'clean',
  detect_ms: 0,
  gap_ms: 0,
  ...more,
});

/** No source is left: the slate feeds the program. */
export const holds = (
  from = '0',
  trigger: Heard<'program.holding'>['trigger'] = 'ended',
): Heard<'program.holding'> => ({
  type: 'program.holding',
  from,
  trigger,
  detect_ms: 0,
});
