import { type Moved, movedText } from '../player/moved.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';

/** How long a move is told on the tile; it stays in the camera's list of events. */
const TOLD_FOR_MS = 8_000;

/** Over a picture that has just come from another relay: where to, why, and for how long it stood. */
export function MovedNote({ moved }: { moved: Moved | undefined }) {
  useNow(); // so that it goes
  if (!moved || Date.now() - moved.at > TOLD_FOR_MS) return null;
  return (
    <div class="note moved">
      <Icon sign="swap" />
      {movedText(moved)}
    </div>
  );
}
