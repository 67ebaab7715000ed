import type { Why } from '../../bus/events/why.ts';
import { activeStanding, type CameraContext, type Standing } from './context.ts';

/** What an operator sees while no source feeds the program, and why. */
export interface Darkness {
  state: 'connecting' | 'holding' | 'stalled' | 'switching' | 'offline' | 'quarantined';
  why: Why;
}

/** States in which a source feeds the program, as far as is known. */
const FED = new Set(['live', 'frozen']);
/** States of a source that is being asked, or just came. */
const ASKED = new Set(['connecting', 'opening', 'flowing']);

/** The standing that explains the whole camera, with the others as what was rejected. */
function explain(context: CameraContext, id: string, text?: string): Why {
  const { why } = context.standings[id] as Standing;
  const others = (context.settings?.sources ?? []).flatMap((source) => {
    const standing = context.standings[source.id];
    return source.id === id || !standing ? [] : [{ option: source.id, because: standing.why.text }];
  });
  const rejected = [...(why.rejected ?? []), ...others];
  return { ...why, ...(text ? { text } : {}), ...(rejected.length > 0 ? { rejected } : {}) };
}

/** The sources in a state, those before others that the operator knows: the active one first, then as preferred. */
function standingAs(context: CameraContext, states: { has(state: string): boolean }): string[] {
  const ids = (context.settings?.sources ?? []).map(({ id }) => id);
  const ordered = [context.active, ...ids.filter((id) => id !== context.active)];
  return ordered.filter((id) => states.has(context.standings[id]?.state ?? ''));
}

function judge(context: CameraContext): Darkness | undefined {
  const [asked] = standingAs(context, ASKED);
  if (asked !== undefined) {
    // Once it is known to be offline, being asked again changes nothing for who looks at it.
    if (context.state === 'offline') return undefined;
    // A source that flows is about to feed the program: the next that is said is that it does.
    if (context.standings[asked]?.state === 'flowing' && context.state !== 'switching') return undefined;
    if (!context.fed) return { state: 'connecting', why: explain(context, asked) };
    return { state: 'holding', why: explain(context, asked) };
  }
  const [silent] = standingAs(context, new Set(['silent']));
  if (silent !== undefined) return { state: 'stalled', why: explain(context, silent) };
  const [offline] = standingAs(context, new Set(['offline']));
  if (offline !== undefined) return { state: 'offline', why: explain(context, offline) };
  const [quarantined] = standingAs(context, new Set(['quarantined']));
  if (quarantined !== undefined) return { state: 'quarantined', why: explain(context, quarantined) };
  const [aside] = standingAs(context, new Set(['aside']));
  return aside === undefined ? undefined : { state: 'offline', why: explain(context, aside) };
}

/** Whether another source than the active one can feed the program now. */
function backupOf(context: CameraContext): string | undefined {
  return standingAs(context, new Set(['flowing'])).find((id) => id !== context.active);
}

/** What was found of contexts, which never change: a guard for each state asks in turn, and then who enters it. */
const known = new WeakMap<CameraContext, { found: Darkness | undefined }>();

/**
 * What the picture becomes after a source has changed: undefined when it stays as it is.
 * While a source feeds the program, only the loss of that source changes anything.
 */
export function darkness(context: CameraContext): Darkness | undefined {
  const before = known.get(context);
  if (before) return before.found;
  const found = darknessOf(context);
  known.set(context, { found });
  return found;
}

function darknessOf(context: CameraContext): Darkness | undefined {
  const active = activeStanding(context);
  const seen = FED.has(context.state);
  if (context.state === 'switching' && backupOf(context) !== undefined) return undefined;
  if (seen) {
    if (!active || active.state === 'flowing') return undefined;
    const backup = backupOf(context);
    if (backup !== undefined) {
      const text = `${context.active} gives no picture; ${backup} takes over`;
      return { state: 'switching', why: explain(context, context.active, text) };
    }
  }
  const found = judge(context);
  if (!found || (found.state === context.state && found.why.reason === context.why.reason)) return undefined;
  // From one way of asking to another is nothing to tell.
  if (found.state === context.state && found.state !== 'offline') return undefined;
  return found;
}
