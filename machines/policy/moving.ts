import { calledIn, type Doer } from '../../bus/events/doer.ts';
import type { Why } from '../../bus/events/why.ts';

/** Who moves a camera, and until when others have to wait. */
export interface Holder extends Doer {
  role: 'operator' | 'admin';
  /** Epoch ms. */
  until: number;
}

/** So long after the last move ends, a camera still belongs to who moved it: they look, and go on. */
export const HOLD_MS = 3_000;

/**
 * Whether somebody may move a camera now. Two who move at once would fight over it without knowing of each other, so
 * it is held by one until three seconds after their last move; an administrator takes it from an operator. Stopping is
 * never asked about: whoever has the right may.
 */
export function mayMove(
  holder: Holder | undefined,
  mover: Omit<Holder, 'until'>,
  at: number,
): { allowed: boolean; why: Why } {
  const trigger = 'moving';
  const { by, role } = mover;
  if (!holder || holder.until <= at)
    return { allowed: true, why: { trigger, reason: 'free', text: 'nobody moves it' } };
  if (holder.by === by)
    return { allowed: true, why: { trigger, reason: 'own', text: `${calledIn(mover)} moves it already` } };
  if (role === 'admin' && holder.role !== 'admin') {
    const text = `${calledIn(mover)}, an administrator, takes it from ${calledIn(holder)}`;
    return { allowed: true, why: { trigger, reason: 'priority', text } };
  }
  const left = holder.until - at;
  const text = `${calledIn(holder)} moves it; it is free in ${(left / 1000).toFixed(1)} s unless they go on`;
  return { allowed: false, why: { trigger, reason: 'held', text, guard: { holder: holder.by, left_ms: left } } };
}
