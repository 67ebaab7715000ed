import { calledIn } from '../../bus/events/doer.ts';
import type { Why } from '../../bus/events/why.ts';
import { choose, steadyMs } from '../policy/sources.ts';
import { type CameraContext, handBackMs, situationOf } from './context.ts';

/** The place of a source in the preferred order; below nought for what is none of the camera's. */
const placeOf = ({ settings }: CameraContext, id: string): number =>
  settings?.sources.findIndex((source) => source.id === id) ?? -1;

/** A source as a person speaks of it. */
export function nameOf(context: CameraContext, id: string): string {
  const place = placeOf(context, id);
  if (place < 0) return id;
  return place === 0 ? `the preferred source (${id})` : `the backup (${id})`;
}

/** How the camera gets back to its preferred source, as the end of a sentence. */
export function wayBack(context: CameraContext, source: string, at: number): string {
  const preferred = situationOf(context, at).sources[0];
  if (!preferred || preferred.id === source) return '';
  if (context.chosen === source) return '; that holds until it fails or an operator says otherwise';
  const waitMs = steadyMs(preferred, handBackMs(context), at);
  if (waitMs === undefined) return '; an operator must hand it back';
  return `; it returns when ${nameOf(context, preferred.id)} has been steady for ${waitMs / 1000} s`;
}

/** States in which a source feeds the program. */
const FED: readonly string[] = ['live', 'frozen'];

/**
 * Why a camera is where it is, as things stand: which source feeds it, and what speaks against those before it. The
 * reason of its state tells of the last change instead, whatever that was.
 * @returns undefined while no source feeds it
 */
export function whereabouts(context: CameraContext, at: number): Why | undefined {
  const { active, settings, chosen, chooser, state } = context;
  if (!FED.includes(state)) return undefined;
  const { reason, rejected = [] } = choose(situationOf(context, at)).why;
  const before = (settings?.sources ?? []).slice(0, Math.max(0, placeOf(context, active))).map(({ id }) => id);
  const obstacles = rejected.filter(({ option }) => before.includes(option));
  const causes = obstacles.map(({ option, because }) => `${nameOf(context, option)}: ${because}`);
  const cause = chosen === active ? `${chooser ? calledIn(chooser) : 'an operator'} chose it` : causes.join('; ');
  const because = cause === '' ? '' : `, because ${chosen === active ? '' : 'of '}${cause}`;
  return {
    trigger: 'selection',
    ...(reason === undefined ? {} : { reason }),
    text: `on ${nameOf(context, active)}${because}${wayBack(context, active, at)}`,
    ...(obstacles.length > 0 ? { rejected: obstacles } : {}),
  };
}
