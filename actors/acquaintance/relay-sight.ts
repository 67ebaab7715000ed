import type { CellView } from '../cells.ts';
import { sight } from './telling.ts';

/** States in which a relay carries media. */
const CARRIED = new Set(['serving', 'degraded', 'suspect', 'draining', 'drained']);

/** Whether a relay that was in this state carried media. */
export const hasCarried = (state: string): boolean => CARRIED.has(state);

/** Whether a relay pulls cameras; the others carry viewers. */
export const isIntake = (relay: CellView): boolean => sight<{ role: string }>(relay).role === 'intake';

/** Nothing is carried by it, and only another one's return brings that back. */
export const isDeadOrOver = ({ state, tags }: CellView): boolean => state === 'dead' || tags.includes('over');
