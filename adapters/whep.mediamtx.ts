import { agentFor, type Endpoint, exchange, originOf, type RelayRequest, refusalText } from './mediamtx/exchange.ts';

/** Why a relay would not take somebody's signalling. */
export type WhepRefusal = 'no-stream' | 'bad-offer' | 'unauthorized' | 'gone' | 'relay-away' | 'refused';

/** Thrown when signalling fails; says why, and contains neither SDP nor token. */
export class WhepRefused extends Error {
  override name = 'WhepRefused';
  readonly reason: WhepRefusal;
  constructor(reason: WhepRefusal, text: string) {
    super(text);
    this.reason = reason;
  }
}

const TRICKLE_TIMEOUT_MS = 2000;
/** An offer is answered once the relay has gathered its candidates; a refused token costs up to four seconds. */
const OPEN_TIMEOUT_MS = 5000;
/** To watch, or to publish. */
type Way = 'whep' | 'whip';

/**
 * Signalling with the relays: opens WHEP and WHIP sessions, hands on candidates, closes. `resource` is the session's
 * secret address at the relay; viewers never see it.
 */
export function whepMediamtx(addressOf: (relay: string) => Endpoint | undefined) {
  const agents = { 'http:': agentFor(), 'https:': agentFor(true) };
  const ask = (relay: string, request: RelayRequest) =>
    exchange(relay, agents[request.url.protocol as keyof typeof agents], request);
  const urlOf = (relay: string, path: string, way: Way): URL => {
    const address = addressOf(relay);
    if (!address) throw new WhepRefused('relay-away', `there is no relay called ${relay}`);
    const url = new URL(originOf(address));
    url.pathname = `/${path}/${way}`;
    return url;
  };

  return {
    async open(relay: string, path: string, sdp: string, relayToken: string, query = '', way: Way = 'whep') {
      const url = urlOf(relay, path, way);
      url.search = query;
      const { status, headers, body } = await ask(relay, {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${relayToken}` },
        body: sdp,
        timeoutMs: OPEN_TIMEOUT_MS,
      });
      const { location, id } = headers;
      if (status !== 201) throw refusal(status, body, `relay ${relay} did not open ${path}`);
      if (!location || typeof id !== 'string') {
        throw new WhepRefused('refused', `relay ${relay} answered without an address for the session`);
      }
      return { answer: body, relaySession: id, resource: new URL(location, url).href };
    },

    /** The resource of a session that publishes, from the secret at the end of it: whoever publishes keeps that. */
    published(relay: string, path: string, secret: string): string {
      const url = urlOf(relay, path, 'whip');
      url.pathname += `/${secret}`;
      return url.href;
    },

    async trickle(resource: string, fragment: string, ifMatch?: string) {
      const { status, body } = await ask('of the session', {
        method: 'PATCH',
        url: new URL(resource),
        headers: {
          'content-type': 'application/trickle-ice-sdpfrag',
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        body: fragment,
        timeoutMs: TRICKLE_TIMEOUT_MS,
      });
      if (status === 404) throw new WhepRefused('gone', 'the session is no longer at the relay: open a new one');
      if (status >= 300) throw refusal(status, body, 'the relay did not take the candidates');
      return status === 200 && body ? { fragment: body } : undefined;
    },

    /** A session that is gone is closed. */
    async close(resource: string) {
      const { status, body } = await ask('of the session', {
        method: 'DELETE',
        url: new URL(resource),
        timeoutMs: TRICKLE_TIMEOUT_MS,
      });
      if (status >= 300 && status !== 404) throw refusal(status, body, 'the relay did not close the session');
    },

    /** Ends the idle connections. */
    end() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function refusal(status: number, body: string, what: string): WhepRefused {
  const reasons: Record<number, WhepRefusal> = {
    400: 'bad-offer',
    401: 'unauthorized',
    404: 'no-stream',
    406: 'bad-offer',
  };
  return new WhepRefused(reasons[status] ?? 'refused', `${what}: ${status} ${refusalText(body)}`);
}
