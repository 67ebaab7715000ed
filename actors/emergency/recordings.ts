import type { Id } from '../../bus/identity.ts';
import type { RecordingContext } from '../../machines/recording.ts';
import { CellExists, type Cells, type CellView } from '../cells.ts';
import { runningIncidents } from './running.ts';

/** How long what an incident had recorded is kept beside its protection, where the camera's settings say nothing. */
const RECORDED_FOR_MS = 7 * 24 * 3_600_000;

const demanded = (holder: string) => ({ type: 'recording.demanded', holder });
const released = (holder: string) => ({ type: 'recording.released', holder });

/** Has a camera recorded for an incident, whatever its settings say, and what is recorded kept. */
export async function recordFor(cells: Cells, incident: string, camera: string): Promise<void> {
  const at = { kind: 'recording' as const, id: camera as Id };
  const view = cells.view(at);
  if (!view || view.tags.includes('over')) {
    const { zone = '' } = (cells.view({ ...at, kind: 'camera' })?.context.settings ?? {}) as { zone?: string };
    const settings = { type: 'recording.configured', zone, wanted: false, keep_ms: RECORDED_FOR_MS };
    await cells.create(at, settings).catch((error) => {
      if (!(error instanceof CellExists)) throw error; // another incident asked in the same moment
    });
  }
  await cells.offer(at, demanded(incident));
}

/** Recordings that only incidents wanted end with the last of them; what was recorded stays protected. */
export async function lowerRecordings(cells: Cells, recordings: readonly CellView[]): Promise<void> {
  const wanted = new Set(runningIncidents(cells).map(({ id }) => id));
  for (const { id, context } of recordings) {
    for (const holder of (context as unknown as RecordingContext).holders) {
      if (!wanted.has(holder)) await cells.offer({ kind: 'recording', id }, released(holder));
    }
  }
}
