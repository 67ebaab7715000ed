import { type Door, knock } from './admission.ts';
import type { CameraPast, Stretch } from './past-events.ts';

const HOUR_MS = 3_600_000;

/**
 * Reads what is recorded and what happened, of the last hour or of as much of it as there is.
 * @param now epoch ms
 * @returns undefined where nothing is recorded, or the gateway does not say
 */
export async function readCameraPast(door: Door, camera: string, now: number): Promise<CameraPast | undefined> {
  const span = `from=${Math.round(now - HOUR_MS)}&to=${Math.round(now)}`;
  const id = encodeURIComponent(camera);
  const [recordings, timeline] = await Promise.all(
    [`/api/v1/recordings/${id}?${span}`, `/api/v1/timeline?cameras=${id}&types=camera&${span}`].map((path) =>
      knock(door, path).then(
        (response) => (response.ok ? response.json() : undefined),
        () => undefined,
      ),
    ),
  );
  const recorded: Stretch[] = recordings?.ranges ?? [];
  const [first] = recorded;
  if (!first) return undefined;
  return {
    window: { from: Math.max(first.from, now - HOUR_MS), to: now },
    recorded,
    gaps: (recordings.gaps ?? []).map(({ from, to, why }: Stretch & { why?: { text?: string } }) => ({
      ...{ from, to, why: why?.text ?? 'not recorded' },
    })),
    events: (timeline?.items ?? []).map(
      ({ at, state, why }: { at: number; state?: string; why?: { text?: string } }) => ({
        ...{ at, state: state ?? '', why: why?.text ?? '' },
      }),
    ),
  };
}
