import { type Admission, refusalOf } from './admission.ts';
import { keepResources } from './resources.ts';
import type { Signaller, SignallerHears } from './signaller.ts';

/**
 * Signalling by WHEP. Nobody tells the player what happens to its camera or its session this way; its own watchdog and
 * the next refusal do.
 */
export function openWhep(admission: Admission, options: { quality?: string }, hears: SignallerHears): Signaller {
  const address = new URL(admission.whepUrl, location.href);
  if (options.quality) address.searchParams.set('quality', options.quality);

  const tellFailure = async (leg: string, response: Response | undefined): Promise<void> => {
    if (!response) {
      hears.link(false);
      return hears.refused(leg, 'The gateway does not answer.');
    }
    const refusal = await refusalOf(response);
    // The stream token is spent: a new session may still be granted, or tell why it is not.
    if (response.status === 401 || response.status === 403) return hears.end(refusal.reason, refusal.text, true);
    hears.refused(leg, refusal.text);
  };
  const resources = keepResources({
    answer(leg, sdp) {
      hears.link(true);
      hears.answer(leg, sdp);
    },
    failed: (leg, response) => void tellFailure(leg, response),
  });

  return {
    reaches: () => true,
    offer: (leg, sdp) => resources.offer(leg, sdp, { url: address.href, token: admission.streamToken }),
    opened() {},
    candidate: resources.candidate,
    stats() {},
    playing() {},
    closeLeg: resources.close,
    close: resources.closeAll,
  };
}
