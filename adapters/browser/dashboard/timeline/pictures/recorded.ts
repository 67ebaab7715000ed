import { houseNow } from '../../../player/house-time.ts';
import { readRecorded } from '../../../player/past-reading.ts';
import type { Room } from '../../room.ts';
import type { Span } from '../timeline-model.ts';
import type { Travel } from '../travel.ts';
import { spanOf } from '../window.ts';
import type { Known } from './coverage.ts';

/** What is recorded of the cameras, as far as somebody has looked. */
export interface Recordings {
  view(): ReadonlyMap<string, Known>;
  subscribe(listener: () => void): () => void;
  close(): void;
}

/** What is written goes on: the newest end is read again this often. */
const AGAIN_MS = 8_000;
/** Whether a camera is recorded at all changes seldom. */
const NEVER_AGAIN_MS = 60_000;
/** Whoever drags asks for the stretch where they stop. */
const SETTLE_MS = 150;
const DOOR = { server: '' };

/** Whether what is known of a camera has to be read (again). */
export function isDue(known: (Known & { readAt: number }) | undefined, wanted: Span, now: number): boolean {
  if (!known) return true;
  if (known.recorded.never) return now - known.readAt > NEVER_AGAIN_MS;
  if (wanted.from < known.from) return true;
  return Math.min(wanted.to, now) > known.to && now - known.readAt > AGAIN_MS;
}

/** Reads which stretches are recorded, one camera at a time, where somebody looks and a little around it. */
export function openRecordings(room: Room, travel: Travel): Recordings {
  const listeners = new Set<() => void>();
  let known = new Map<string, Known & { readAt: number }>();
  let busy = false;
  let closed = false;
  const wanted = (): Span => {
    const now = houseNow();
    const { window, at } = travel.view();
    const { from, to } = spanOf(window, now);
    // In steps, so that dragging asks seldom.
    const stepMs = window.spanMs / 2;
    const begin = (Math.floor(Math.min(from, at ?? from) / stepMs) - 1) * stepMs;
    return { from: Math.max(0, begin), to: Math.min(Math.max(to, at ?? to) + stepMs, now) };
  };
  const read = async (camera: string): Promise<void> => {
    const stretch = wanted();
    const recorded = await readRecorded(DOOR, camera, stretch);
    const entry = { ...stretch, readAt: houseNow(), recorded: recorded ?? known.get(camera)?.recorded };
    if (closed || !entry.recorded) return;
    known = new Map(known).set(camera, { ...entry, recorded: entry.recorded });
    for (const listener of listeners) listener();
  };
  const readAll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    // Those whose pictures are looked at come first.
    const { cameras } = travel.view();
    const ids = [...new Set([...cameras, ...room.view().world.cameras.map(({ id }) => id)])];
    for (const id of ids) if (!closed && isDue(known.get(id), wanted(), houseNow())) await read(id);
    busy = false;
  };
  const timer = setInterval(readAll, AGAIN_MS / 4);
  const leave = [travel.subscribe(readAll), room.subscribe(readAll)];
  void readAll();
  return {
    view: () => known,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      clearInterval(timer);
      for (const end of leave) end();
    },
  };
}
