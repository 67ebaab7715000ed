import { type Door, knock } from './admission.ts';
import { boundAt } from './past-bound.ts';
import { type CameraPast, keptIn, type Recorded, type Stretch } from './past-events.ts';

const HOUR_MS = 3_600_000;
const NOT_FOUND = 404;

/**
 * Reads what is recorded of a camera in a stretch.
 * @returns undefined where the gateway does not say; nothing recorded where it says that the camera is not
 */
export async function readRecorded(door: Door, camera: string, { from, to }: Stretch): Promise<Recorded | undefined> {
  const path = `/api/v1/recordings/${encodeURIComponent(camera)}?from=${Math.round(from)}&to=${Math.round(to)}`;
  const response = await knock(door, path).catch(() => undefined);
  if (response?.status === NOT_FOUND) return { recorded: [], gaps: [], never: true };
  if (!response?.ok) return undefined;
  const { ranges, gaps, history, protections } = await response.json();
  return {
    recorded: ranges ?? [],
    gaps: (gaps ?? []).map(({ from, to, why }: Stretch & { why?: { text?: string } }) => ({
      ...{ from, to, why: why?.text ?? '' },
    })),
    never: false,
    ...(history ? { bound: history } : {}),
    kept: (protections ?? []).map(keptIn),
  };
}

/**
 * Reads what is recorded and what happened, of the last hour or of as much of it as there is.
 * @param now epoch ms
 * @returns undefined where nothing is recorded, or the gateway does not say
 */
export async function readCameraPast(door: Door, camera: string, now: number): Promise<CameraPast | undefined> {
  const hour = { from: Math.round(now - HOUR_MS), to: Math.round(now) };
  const events = `/api/v1/timeline?cameras=${encodeURIComponent(camera)}&types=camera&from=${hour.from}&to=${hour.to}`;
  const [known, timeline] = await Promise.all([
    readRecorded(door, camera, hour),
    knock(door, events).then(
      (response) => (response.ok ? response.json() : undefined),
      () => undefined,
    ),
  ]);
  const [first] = known?.recorded ?? [];
  if (!known || !first) return undefined;
  return {
    ...known,
    window: windowOf(known, Math.max(first.from, now - HOUR_MS), now),
    events: (timeline?.items ?? []).map(
      ({ at, state, why }: { at: number; state?: string; why?: { text?: string } }) => ({
        ...{ at, state: state ?? '', why: why?.text ?? '' },
      }),
    ),
  };
}

/** The share of the line that is closed where looking back ends at its beginning. */
const CLOSED = 0.06;
/** A bound as near as this to what is recorded first is what ends it. */
const NEAR_MS = 5_000;

/** @param from where it would begin without a bound */
function windowOf({ bound }: Recorded, from: number, now: number): Stretch {
  const isBound = bound !== undefined && boundAt(bound, now) >= from - NEAR_MS;
  return { from: isBound ? from - (now - from) * CLOSED : from, to: now };
}
