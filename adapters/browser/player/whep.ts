import { type Admission, refusalOf } from './admission.ts';
import type { Signaller, SignallerHears } from './signaller.ts';

interface Resource {
  /** Undefined until the POST is answered. */
  url?: string;
  closed: boolean;
  /** Candidates gathered before the resource had an address. */
  early: RTCIceCandidate[];
  sdp: string;
}

/**
 * Signalling by WHEP: POST the offer, PATCH candidates, DELETE on leaving. Nobody tells the player what happens to
 * its camera or its session this way; its own watchdog and the next refusal do.
 */
export function openWhep(admission: Admission, options: { quality?: string }, hears: SignallerHears): Signaller {
  const resources = new Map<string, Resource>();
  const authorization = (): Record<string, string> => ({ authorization: `Bearer ${admission.streamToken}` });
  const address = new URL(admission.whepUrl, location.href);
  if (options.quality) address.searchParams.set('quality', options.quality);

  const post = async (leg: string, resource: Resource): Promise<void> => {
    let response: Response;
    try {
      response = await fetch(address, {
        method: 'POST',
        body: resource.sdp,
        headers: { ...authorization(), 'content-type': 'application/sdp' },
      });
    } catch {
      hears.link(false);
      return hears.refused(leg, 'The gateway does not answer.');
    }
    if (!response.ok) {
      const refusal = await refusalOf(response);
      // The stream token is spent: a new session may still be granted, or tell why it is not.
      if (response.status === 401 || response.status === 403) return hears.end(refusal.reason, refusal.text, true);
      return hears.refused(leg, refusal.text);
    }
    hears.link(true);
    resource.url = new URL(response.headers.get('location') ?? '', address).href;
    if (resource.closed) return remove(resource);
    hears.answer(leg, await response.text());
    for (const candidate of resource.early) trickle(resource, candidate);
  };

  const trickle = (resource: Resource, candidate: RTCIceCandidate): void => {
    if (!resource.url || !candidate.candidate) return;
    const field = (name: string): string => resource.sdp.match(new RegExp(`^a=${name}:.*$`, 'm'))?.[0]?.trim() ?? '';
    const fragment = [
      field('ice-ufrag'),
      field('ice-pwd'),
      'm=video 9 UDP/TLS/RTP/SAVPF 0',
      `a=mid:${candidate.sdpMid ?? '0'}`,
      `a=${candidate.candidate}`,
      '',
    ];
    // A candidate that does not arrive is one path less, not a failure.
    fetch(resource.url, {
      method: 'PATCH',
      body: fragment.join('\r\n'),
      headers: { ...authorization(), 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' },
    }).catch(() => {});
  };

  const remove = (resource: Resource): void => {
    resource.closed = true;
    if (!resource.url) return;
    fetch(resource.url, { method: 'DELETE', headers: authorization(), keepalive: true }).catch(() => {});
  };

  return {
    offer(leg, sdp) {
      const resource: Resource = { closed: false, early: [], sdp };
      resources.set(leg, resource);
      void post(leg, resource);
    },
    candidate(leg, candidate) {
      const resource = resources.get(leg);
      if (!resource) return;
      if (resource.url) trickle(resource, candidate);
      else resource.early.push(candidate);
    },
    stats() {},
    playing() {},
    closeLeg(leg) {
      const resource = resources.get(leg);
      resources.delete(leg);
      if (resource) remove(resource);
    },
    close() {
      for (const resource of resources.values()) remove(resource);
      resources.clear();
    },
  };
}
