import type { AlarmContext } from './alarm.ts';
import type { BroadcastContext } from './broadcast/context.ts';
import type { CameraContext } from './camera/context.ts';
import type { IncidentContext } from './incident.ts';
import { CHOICE_TIMES } from './policy/sources.ts';
import type { PtzContext } from './ptz.ts';
import type { RecordingContext } from './recording.ts';
import type { RelayContext } from './relay/context.ts';
import type { RenditionContext } from './rendition/context.ts';
import type { SoundContext } from './sound/context.ts';
import { VIEWER_TIMES, type ViewerContext } from './viewer/context.ts';

/**
 * Judges a cell: undefined when all is lawful, otherwise a sentence that tells what is broken.
 * @param at the time now, by the clock of the cells (epoch ms); what was due before it has rung
 */
export type Law<Context> = (context: Context, tags: readonly string[], at: number) => string | undefined;

/** A tag on the left goes with the states on the right, and with no other. */
const tagMeans = (tag: string, states: readonly string[]) => (state: string, tags: readonly string[]) =>
  tags.includes(tag) === states.includes(state)
    ? undefined
    : `"${state}" ${tags.includes(tag) ? 'has' : 'lacks'} the tag ${tag}`;

const watchable = tagMeans('watchable', ['live', 'frozen']);
const open = tagMeans('open', ['admitted', 'connecting', 'watching', 'moving']);
const serving = tagMeans('serving', ['serving', 'degraded', 'suspect', 'draining']);
const placeable = tagMeans('placeable', ['serving']);
const draining = tagMeans('draining', ['draining', 'drained']);
const running = tagMeans('running', ['declared', 'active', 'expiring']);
const playable = tagMeans('playable', ['running', 'lingering']);
const audible = tagMeans('audible', ['running', 'lingering']);
const recorded = tagMeans('recording', ['recording']);
const moved = tagMeans('moving', ['moving', 'going']);
const active = tagMeans('active', ['raised', 'acknowledged']);
const onAir = tagMeans('on-air', ['on-air']);
const removed = tagMeans('over', ['removed']);

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
export const laws: {
  camera: Law<CameraContext>;
  viewer: Law<ViewerContext>;
  relay: Law<RelayContext>;
  broadcast: Law<BroadcastContext>;
  incident: Law<IncidentContext>;
  rendition: Law<RenditionContext>;
  recording: Law<RecordingContext>;
  ptz: Law<PtzContext>;
  sound: Law<SoundContext>;
  alarm: Law<AlarmContext>;
} = {
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
  viewer(context, tags, at) {
    const { state, subject, legs, relay, protocol, since, deadline, move } = context;
    if (state !== 'new' && !subject) return 'somebody watches whom nobody knows';
    if (state === 'watching' && Object.keys(legs).length === 0) return 'it watches without a seat';
    if (state === 'moving' && deadline !== since + VIEWER_TIMES.moveMs) return 'it moves without a bound';
    if (state === 'moving' && at > deadline) return `it is without a relay for ${at - deadline} ms more than its bound`;
    if (['admitted', 'connecting'].includes(state) && at > deadline)
      return 'nobody has connected, and it is waited for';
    if (tags.includes('open') && at > context.expires_at) return 'its right has run out, and it is open';
    if (state === 'moving' && !move) return 'it moves, and nobody knows why';
    if (state === 'watching' && move) return 'it watches, and still counts as moving';
    if (tags.includes('open') && relay === '' && protocol !== 'past') return 'it is open without a relay';
    return open(state, tags);
  },
  relay(context, tags) {
    const { state, instance, lostAt, media, drain, leavingAt } = context;
    const leaving = leavingAt !== undefined;
    if (leaving && state !== 'removed' && !tags.includes('serving'))
      return 'it was taken out, is empty, and still there';
    if (leaving && tags.includes('placeable')) return 'it takes viewers, and was taken out';
    if (tags.includes('serving') && instance === undefined) return 'it serves, and nobody knows which process';
    if (state === 'serving' && lostAt !== undefined) return 'it serves, and still counts as lost';
    if (tags.includes('placeable') && media === 'silent') return 'it takes viewers, and no packet goes through it';
    if (tags.includes('placeable') && drain) return 'it takes viewers, and shall be drained';
    if (tags.includes('draining') && !drain && !leaving) return 'it is drained, and nobody asked for that';
    return serving(state, tags) ?? placeable(state, tags) ?? draining(state, tags) ?? removed(state, tags);
  },
  broadcast(context, tags) {
    const { state, camera, destination, relay, lostAt } = context;
    if (state !== 'new' && !(camera && destination && relay)) return 'it pushes from nowhere, or to nowhere';
    if (state === 'on-air' && lostAt !== undefined) return 'it is on air, and still counts as lost';
    if (tags.includes('wanted') === ['new', 'stopped'].includes(state)) return `"${state}" is wrong about being wanted`;
    if (tags.includes('held') !== (state === 'waiting')) return `"${state}" is wrong about having to wait`;
    return onAir(state, tags);
  },
  incident(context, tags) {
    const { state, cameras, until } = context;
    if (state !== 'new' && cameras.length === 0) return 'it is about nothing';
    if (tags.includes('running') && until === 0) return 'it runs without an end';
    return running(state, tags);
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
  sound({ state, audience, picture }, tags) {
    if (['running', 'none', 'starting'].includes(state) && audience.length === 0) return 'it is made for nobody';
    if (['running', 'starting'].includes(state) && !picture) return 'it is made of a camera that is dark';
    if (['off', 'lingering'].includes(state) && audience.length > 0) return `somebody listens, and it is ${state}`;
    return audible(state, tags);
  },
  recording(context, tags) {
    const { state, wanted, holders, source, protections } = context;
    const asked = wanted || holders.length > 0;
    if (tags.includes('wanted') && !asked) return 'it records for nobody';
    if (state === 'off' && asked) return 'it is asked for, and off';
    if (state === 'waiting' && source !== '') return 'it waits for a picture that is there';
    if (state === 'recording' && source === '') return 'it records without a picture';
    if (holders.some((holder) => !protections.some((one) => one.holder === holder && one.to === undefined))) {
      return 'what an incident has recorded is not protected';
    }
    return recorded(state, tags);
  },
  ptz(context, tags) {
    const { state, url, holder, order } = context;
    if (state !== 'new' && state !== 'removed' && url === '') return 'it can be moved, and nobody knows where';
    if (tags.includes('moving') && !holder) return 'it moves, and nobody moves it';
    if (state === 'moving' && order?.kind !== 'move') return 'it moves without an end';
    if (state === 'saving' && order?.kind !== 'save') return 'it saves a position, and is told otherwise';
    if (state === 'stopping' && order?.kind !== 'stop') return 'it stops, and is told otherwise';
    return moved(state, tags);
  },
  alarm(context, tags) {
    const { state, acknowledged, gone, raisedAt, since, about } = context;
    if (state !== 'new' && about.id === '') return 'it is about nothing';
    if ((state === 'acknowledged') !== tags.includes('acknowledged')) return `"${state}" is wrong about who saw it`;
    if (state === 'acknowledged' && !acknowledged) return 'it is acknowledged by nobody';
    if (state === 'raised' && acknowledged) return 'it is acknowledged, and still wants somebody';
    if (state === 'suspected' && gone) return 'what is suspected is gone';
    if (tags.includes('active') && raisedAt === 0) return 'it was never raised';
    if (tags.includes('over') && raisedAt > since) return 'it was over before it was raised';
    return active(state, tags);
  },
};

/**
 * No two owners: whoever has taken up a cell writes its journal alone, in its own order, until the next one takes it up.
 * @param ids ids of one cell's records, in the order of the journal; `<tenure>-r<n>`, a tenure for each taking up, and
 *   `<tenure>-r<n>-left` behind record n where its owner let go of it
 * @returns undefined when that holds, otherwise a sentence that tells what is broken
 */
export function ownershipFault(ids: readonly string[]): string | undefined {
  const former = new Set<string>();
  let owner: { tenure: string; count: number } | undefined;
  for (const id of ids) {
    const [tenure = '', number = ''] = id.split('-r');
    const count = Number.parseInt(number, 10) + (number.endsWith('-left') ? 0.5 : 0);
    if (former.has(tenure)) return `${id} was written after ${owner?.tenure} had taken the cell up`;
    if (owner?.tenure === tenure && count <= owner.count)
      return `${id} was written after its owner's record ${owner.count}`;
    if (owner && owner.tenure !== tenure) former.add(owner.tenure);
    owner = { tenure, count };
  }
  return undefined;
}

/**
 * One publisher per program: a camera's program path is held by one slot of one cell at a time.
 * @param cameras the camera of each program that is held now
 * @returns undefined when that holds, otherwise a sentence that tells what is broken
 */
export function publisherFault(cameras: readonly string[]): string | undefined {
  const twice = cameras.find((camera, place) => cameras.indexOf(camera) < place);
  return twice === undefined ? undefined : `the program of ${twice} is published twice`;
}
