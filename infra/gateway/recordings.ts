import type { Cells, CellView } from '../../actors/cells.ts';
import type { Recordings } from '../../adapters/recordings.files.ts';
import type { Id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';
import { type Spent, spent } from '../../machines/policy/keeping.ts';
import { type RecordingContext, rulesOf } from '../../machines/recording.ts';
import type { PlacedCamera } from '../config/overlay.ts';

/**
 * Has every camera that shall be recorded its recording.
 * @param belongsHere which cells are this gateway's to care for; the others' are theirs
 */
export async function settleRecordings(
  cells: Cells,
  belongsHere: (at: Address) => boolean,
  cameras: ReadonlyMap<Id, PlacedCamera>,
  by?: string,
): Promise<void> {
  const settle = async (camera: Id, { settings: { zone }, record }: PlacedCamera): Promise<void> => {
    const at = { kind: 'recording' as const, id: camera };
    const view = cells.view(at);
    const known = view && !view.tags.includes('over') ? (view.context as unknown as RecordingContext) : undefined;
    if (!belongsHere(at) || !(record || known)) return;
    // What an incident began goes on being kept as long as it said.
    const { keepMs = known?.keep_ms, maxBytes } = record ?? {};
    const wanted = record !== undefined;
    const same = known && known.zone === zone && known.wanted === wanted && known.keep_ms === keepMs;
    if (same && known.max_bytes === maxBytes) return;
    const size = maxBytes === undefined ? {} : { max_bytes: maxBytes };
    const event = { type: 'recording.configured', zone, wanted, keep_ms: keepMs, ...size };
    await (known ? cells.offer(at, event, by) : cells.create(at, event, by));
  };
  await Promise.all([...cameras].map(([camera, placed]) => settle(camera, placed)));
  const gone = cells
    .list('recording')
    .filter((view) => !cameras.has(view.id) && belongsHere(view) && !view.tags.includes('over'));
  await Promise.all(gone.map(({ id }) => cells.offer({ kind: 'recording', id }, { type: 'recording.removed' }, by)));
}

/** What forgetting recordings needs. */
export interface ForgettingParts {
  /** The recordings whose files on this machine are this gateway's to delete. */
  held(): readonly CellView[];
  recordings: Pick<Recordings, 'sizes' | 'remove'>;
  now(): number;
  onDeleted(camera: string, files: Spent<{ name: string; source: string }>[]): void;
  onFault(error: Error): void;
}

const SWEEP_EVERY_MS = 60_000;

/** Deletes what recordings shall no longer hold, once a minute. Returns how to stop it. */
export function forgetRecordings({ held, recordings, now, onDeleted, onFault }: ForgettingParts): () => void {
  const sweep = async (): Promise<void> => {
    for (const { id, context } of held()) {
      const gone = spent(await recordings.sizes(id), rulesOf(context as unknown as RecordingContext), now());
      for (const { file } of gone) await recordings.remove(file);
      if (gone.length > 0) onDeleted(id, gone);
    }
  };
  let sweeping = sweep().catch(onFault);
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep).catch(onFault);
  }, SWEEP_EVERY_MS);
  return () => clearInterval(timer);
}
