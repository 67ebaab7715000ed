/** A STUN or TURN server as RTCPeerConnection takes it. */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/** Reads the ICE servers out of WHEP's `Link` header (RFC 9725, section 4.6 of the WHEP draft). */
export function serversOf(header: string): IceServer[] {
  return [...header.matchAll(/<([^>]+)>; rel="ice-server"([^<]*)/g)].map(([, url = '', rest = '']) => {
    const [, username] = /username="([^"]*)"/.exec(rest) ?? [];
    const [, credential] = /credential="([^"]*)"/.exec(rest) ?? [];
    return { urls: [url], ...(username && credential ? { username, credential } : {}) };
  });
}
