import type { CameraState } from '../../bus/events/camera.ts';
import type { Why } from '../../bus/events/why.ts';
import { activeStanding, type CameraContext, type Standing } from './context.ts';

/** What an operator sees while no source feeds the program, and why. */
export interface Darkness {
  state: Extract<CameraState, 'connecting' | 'holding' | 'stalled' | 'switching' | 'offline' | 'quarantined'>;
  why: Why;
}

/** States in which a source feeds the program, as far as is known. */
const FED: readonly string[] = ['live', 'frozen'];
/** States of a source that is being asked, or just came. */
const ASKED: readonly string[] = ['connecting', 'opening', 'flowing'];
/** How a camera is seen of whose sources none is asked, by the states that they are in, the best first. */
const SEEN_AS = [
  { states: ['silent'], state: 'stalled' },
  { states: ['offline'], state: 'offline' },
  { states: ['quarantined'], state: 'quarantined' },
  { states: ['aside'], state: 'offline' },
] as const;

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

/** The first source in one of these states: the active one, which the operator knows, before others as preferred. */
function firstAs({ active, settings, standings }: CameraContext, states: readonly string[]): string | undefined {
  const isSo = (id: string) => states.includes(standings[id]?.state ?? '');
  return isSo(active) ? active : settings?.sources.find(({ id }) => isSo(id))?.id;
}

function judge(context: CameraContext): Darkness | undefined {
  const asked = firstAs(context, ASKED);
  if (asked !== undefined) {
    // Once it is known to be offline, being asked again changes nothing for who looks at it.
    if (context.state === 'offline') return undefined;
    // A source that flows is about to feed the program: the next that is said is that it does.
    if (context.standings[asked]?.state === 'flowing' && context.state !== 'switching') return undefined;
    if (!context.fed) return { state: 'connecting', why: explain(context, asked) };
    return { state: 'holding', why: explain(context, asked) };
  }
  for (const { states, state } of SEEN_AS) {
    const source = firstAs(context, states);
    if (source !== undefined) return { state, why: explain(context, source) };
  }
  return undefined;
}

/** Whether another source than the active one can feed the program now. */
function backupOf({ active, settings, standings }: CameraContext): string | undefined {
  return settings?.sources.find(({ id }) => id !== active && standings[id]?.state === 'flowing')?.id;
}

/** What was found last, of a context, which never changes: a guard for each state asks in turn. */
let latest: { context: CameraContext; found: Darkness | undefined } | undefined;

/**
 * What the picture becomes after a source has changed: undefined when it stays as it is.
 * While a source feeds the program, only the loss of that source changes anything.
 */
export function darkness(context: CameraContext): Darkness | undefined {
  if (latest?.context !== context) latest = { context, found: darknessOf(context) };
  return latest.found;
}

function darknessOf(context: CameraContext): Darkness | undefined {
  const active = activeStanding(context);
  const seen = FED.includes(context.state);
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
