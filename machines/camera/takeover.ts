import type { Why } from '../../bus/events/why.ts';
import type { CameraContext, CameraEvent, Standing } from './context.ts';
import { type Change, factOf, machine, tellStandings } from './parts.ts';
import { nameOf, wayBack } from './whereabouts.ts';

/** Why the slate is left. */
const RETURNED = 'its picture came back first';

/** Why another source feeds the program now. */
function because(context: CameraContext, event: Extract<CameraEvent, { type: 'program.switched' }>): Why {
  const { source, from, trigger, gap_ms, how } = event;
  const causes = {
    ended: () => (from === 'slate' ? RETURNED : `${nameOf(context, from)} ended`),
    silent: () => (from === 'slate' ? RETURNED : `${nameOf(context, from)} fell silent`),
    unreadable: () => (from === 'slate' ? RETURNED : `${nameOf(context, from)} sent nothing that is a picture`),
    ordered: () => context.choice?.why.text ?? 'it was ordered',
    first: () => 'it came first',
  };
  const gap = from === '' ? '' : ` (${Math.round(gap_ms)} ms gap)`;
  const { remark } = context.standings[source] ?? {};
  const lost = remark === undefined ? '' : `; ${remark}`;
  const rejected = context.choice?.source === source ? context.choice.why.rejected : undefined;
  return {
    trigger: trigger === 'ordered' ? 'selection' : `source.${trigger}`,
    reason: trigger === 'ordered' ? (context.choice?.why.reason ?? trigger) : trigger,
    text: `on ${nameOf(context, source)}, because ${causes[trigger]()}${gap}${lost}${wayBack(context, source, event.at)}`,
    guard: { from, how, gap_ms },
    ...(rejected && rejected.length > 0 ? { rejected } : {}),
  };
}

/** A source that was lost while it fed the program counts as steady from now on only, and waits longer each time. */
function lapsed(standing: Standing, at: number): Standing {
  const since = standing.state === 'flowing' ? at : standing.since;
  return { ...standing, since, lapses: [...standing.lapses, at].slice(-10) };
}

/** The standings after the program has left a source by itself. */
function afterLeaving(context: CameraContext, event: CameraEvent): Pick<CameraContext, 'standings'> {
  const left =
    (event.type === 'program.switched' && event.trigger !== 'ordered' && event.trigger !== 'first') ||
    event.type === 'program.holding';
  const standing = left && event.from === context.active ? context.standings[event.from] : undefined;
  if (!standing) return { standings: context.standings };
  return { standings: { ...context.standings, [context.active]: lapsed(standing, event.at) } };
}

/** The slate feeds the program: the source before has lapsed. */
export const lapse: Change = afterLeaving;

/** Another source feeds the program: adopts what the switcher did, and says so with what it took. */
export const takeOver = [
  machine.enqueueActions(({ context, event, enqueue }) => {
    if (event.type !== 'program.switched') return;
    const { source, from, trigger, how, detect_ms, gap_ms } = event;
    const next = { ...context, ...afterLeaving(context, event) };
    const why = because(next, event);
    const data = { ...factOf(context, 'live', event.at), why, active_source: source };
    const awayMs = context.lostAt === undefined ? undefined : event.at - context.lostAt;
    const recoverMs = context.standings[from] ? gap_ms : awayMs;
    const recovered = recoverMs === undefined ? {} : { recover_ms: recoverMs };
    const times = trigger === 'first' ? recovered : { ...recovered, detect_ms };
    const decideMs = trigger === 'ordered' ? Math.max(0, event.at - context.chosenAt) : 0;
    const failed = trigger !== 'ordered' && context.chosen === context.active;
    enqueue.assign({
      ...{ standings: next.standings, active: source, fed: true },
      ...(failed ? { chosen: undefined, chooser: undefined } : {}),
      ...{ state: 'live', since: event.at, why, lostAt: undefined },
    });
    if (context.fed) {
      const way = { from_source: from, how, decide_ms: decideMs };
      enqueue.emit({ type: 'camera.switched', data: { ...data, ...times, ...way } });
    }
    // One switch, one measurement: whoever counts them must not count it twice.
    const alone = context.fed ? {} : times;
    if (context.state !== 'live') enqueue.emit({ type: 'camera.live', data: { ...data, ...alone } });
  }),
  tellStandings,
];

/** The same while nothing is carried to viewers: there is nothing to say of a picture that nobody sees. */
export const takeOverUnseen = [
  machine.assign(({ context, event }) => {
    if (event.type !== 'program.switched') return {};
    return { ...afterLeaving(context, event), active: event.source, fed: true };
  }),
  tellStandings,
];

/** What fed the program is not there any more: the next source is its first. */
export const startAnew: Change = () => ({ fed: false });

/** The source that fed the program before feeds it again. */
export const feedAgain: Change = () => ({ fed: true });

/** The eye judged the picture of the active source. */
export const noteStill =
  (frozen: boolean): Change =>
  (context, event) => {
    const standing = context.standings[context.active];
    if (!standing) return {};
    const known = frozen ? lapsed(standing, event.at) : standing;
    return { standings: { ...context.standings, [context.active]: { ...known, frozen } } };
  };
