import type { CameraContext } from './camera/context.ts';
import type { RelayContext } from './relay.ts';
import type { RenditionContext } from './rendition/context.ts';
import type { ViewerContext } from './viewer/context.ts';

/** Judges a cell: undefined when all is lawful, otherwise a sentence that tells what is broken. */
export type Law<Context> = (context: Context, tags: readonly string[]) => string | undefined;

/** A tag on the left goes with the states on the right, and with no other. */
const tagMeans = (tag: string, states: readonly string[]) => (state: string, tags: readonly string[]) =>
  tags.includes(tag) === states.includes(state)
    ? undefined
    : `"${state}" ${tags.includes(tag) ? 'has' : 'lacks'} the tag ${tag}`;

const watchable = tagMeans('watchable', ['live', 'frozen']);
const open = tagMeans('open', ['admitted', 'connecting', 'watching']);
const playable = tagMeans('playable', ['running', 'lingering']);
const serving = tagMeans('serving', ['serving', 'suspect']);

/** What must hold after every event, whatever has happened: asserted by the walks and the simulation. */
export const laws: {
  camera: Law<CameraContext>;
  viewer: Law<ViewerContext>;
  relay: Law<RelayContext>;
  rendition: Law<RenditionContext>;
} = {
  camera(context, tags) {
    const { state, settings, active, lostAt } = context;
    if (state !== 'new' && state !== 'removed' && !settings) return 'a camera without settings is awake';
    if (settings && !settings.sources.some((source) => source.id === active)) return 'its active source does not exist';
    if (state === 'live' && lostAt !== undefined) return 'it is live, and still counts its picture as lost';
    return watchable(state, tags);
  },
  viewer(context, tags) {
    const { state, subject, legs, relay } = context;
    if (state !== 'new' && !subject) return 'somebody watches whom nobody knows';
    if (state === 'watching' && Object.keys(legs).length === 0) return 'it watches without a seat';
    if (tags.includes('open') && relay === '') return 'it is open without a relay';
    return open(state, tags);
  },
  relay(context, tags) {
    const { state, instance, lostAt } = context;
    if (state === 'serving' && instance === undefined) return 'it serves, and nobody knows which process';
    if (state === 'serving' && lostAt !== undefined) return 'it serves, and still counts as lost';
    return serving(state, tags);
  },
  rendition(context, tags) {
    const { state, rungs, audience, keep, wanted, source } = context;
    if (state !== 'new' && state !== 'removed' && wanted.length === 0) return 'a ladder without rungs is wanted';
    if (state === 'running' && rungs.length === 0) return 'it runs and makes nothing';
    if (state === 'running' && audience.length === 0 && keep !== 'warm') return 'it runs for nobody';
    if (state === 'off' && (audience.length > 0 || keep === 'warm')) return 'it is wanted, and off';
    if (rungs.some(({ height }) => height > (source?.height ?? 0))) return 'it scales up';
    return playable(state, tags);
  },
};
