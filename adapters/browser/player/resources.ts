/** Where WHEP is spoken, and with which right. */
export interface WhepAt {
  url: string;
  token: string;
}

/** What became of an offer: answered, refused by the server, or nobody was there (`response` undefined). */
export interface WhepHears {
  answer(leg: string, sdp: string, response: Response): void;
  failed(leg: string, response: Response | undefined): void;
}

/** The WHEP resources of one player, by leg: POST the offer, PATCH candidates, DELETE on leaving. */
export interface Resources {
  offer(leg: string, sdp: string, at: WhepAt): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  close(leg: string): void;
  closeAll(): void;
}

interface Resource {
  at: WhepAt;
  /** Undefined until the POST is answered. */
  url?: string;
  closed: boolean;
  /** Candidates gathered before the resource had an address. */
  early: RTCIceCandidate[];
  sdp: string;
}

/** Keeps WHEP resources, at whatever server each is. */
export function keepResources(hears: WhepHears): Resources {
  const resources = new Map<string, Resource>();
  const authorization = ({ at }: Resource): Record<string, string> => ({ authorization: `Bearer ${at.token}` });

  const post = async (leg: string, resource: Resource): Promise<void> => {
    let response: Response;
    try {
      response = await fetch(resource.at.url, {
        method: 'POST',
        body: resource.sdp,
        headers: { ...authorization(resource), 'content-type': 'application/sdp' },
      });
    } catch {
      return hears.failed(leg, undefined);
    }
    if (!response.ok) return hears.failed(leg, response);
    resource.url = new URL(response.headers.get('location') ?? '', resource.at.url).href;
    if (resource.closed) return remove(resource);
    hears.answer(leg, await response.text(), response);
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
      headers: { ...authorization(resource), 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' },
    }).catch(() => {});
  };

  const remove = (resource: Resource): void => {
    resource.closed = true;
    if (!resource.url) return;
    fetch(resource.url, { method: 'DELETE', headers: authorization(resource), keepalive: true }).catch(() => {});
  };

  return {
    offer(leg, sdp, at) {
      const resource: Resource = { at, closed: false, early: [], sdp };
      resources.set(leg, resource);
      void post(leg, resource);
    },
    candidate(leg, candidate) {
      const resource = resources.get(leg);
      if (!resource) return;
      if (resource.url) trickle(resource, candidate);
      else resource.early.push(candidate);
    },
    close(leg) {
      const resource = resources.get(leg);
      resources.delete(leg);
      if (resource) remove(resource);
    },
    closeAll() {
      for (const resource of resources.values()) remove(resource);
      resources.clear();
    },
  };
}
