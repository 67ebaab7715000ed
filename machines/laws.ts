import type { CameraContext } from './camera/context.ts';
import { CHOICE_TIMES } from './policy/sources.ts';
import type { RelayContext } from './relay.ts';
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
const serving = tagMeans('serving', ['serving', 'suspect']);

/** What is wrong with the choice among a camera's sources. */
function choiceFault({ choice, settings, standings, active, chosenAt, state }: CameraContext): string | undefined {
  if (!choice) return state === 'live' ? 'it is live, and no source was chosen' : undefined;
  const ids = settings?.sources.map(({ id }) => id) ?? [];
  if (!ids.includes(choice.source)) return 'the chosen source does not exist';
  if (choice.armed.includes(choice.source)) return 'the chosen source is armed to take over from itself';
  if (new Set(choice.armed).size !== choice.armed.length) return 'a source is armed twice';
  const wanted = standings[choice.source];
  const handsBack = choice.why.reason === 'steady' && choice.source !== active && wanted?.state === 'flowing';
  const steady = chosenAt - (wanted?.since ?? 0);
  const leastMs = settings?.hand_back_ms ?? CHOICE_TIMES.handBackMs;
  return handsBack && (leastMs === 'never' || steady < leastMs) ? 'it is handed back before its time' : undefined;
}

/** What must hold after every event, whatever has happened: asserted by the walks and the simulation. */
export const laws: { camera: Law<CameraContext>; viewer: Law<ViewerContext>; relay: Law<RelayContext> } = {
  camera(context, tags) {
    const { state, settings, active, lostAt, standings } = context;
    if (state !== 'new' && state !== 'removed' && !settings) return 'a camera without settings is awake';
    const exists = (id: string) => settings?.sources.some((source) => source.id === id) ?? false;
    if (settings && !exists(active)) return 'its active source does not exist';
    if (Object.keys(standings).some((id) => !exists(id))) return 'it keeps a source that is not configured';
    if (state === 'live' && lostAt !== undefined) return 'it is live, and still counts its picture as lost';
    if (state === 'live' && standings[active]?.state !== 'flowing') return 'it is live, and its source does not flow';
    return choiceFault(context) ?? watchable(state, tags);
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
};
