import type { SeatSlot } from '../../machines/slots.ts';
import { isAddressed, VIEWER_TIMES, type ViewerContext } from '../../machines/viewer/context.ts';

/**
 * Goes on keeping out who was cut under a former gateway: a relay token that was handed out may outlive the session,
 * and the relay believes it until it ends.
 * @param session as its last record has it
 * @param now epoch ms
 */
export function barReturns(seat: SeatSlot, session: ViewerContext, now: number): void {
  const { id, relay, state, protocol, since, expires_at } = session;
  // One for WHEP is made when it is needed.
  const tokenLifeMs = (isAddressed(protocol) ? expires_at : since + VIEWER_TIMES.relayTokenMs) - now;
  if (state !== 'ended' || relay === '' || tokenLifeMs <= 0) return;
  seat({ session: id, relay, tokenLifeMs }, () => {}).release();
}
