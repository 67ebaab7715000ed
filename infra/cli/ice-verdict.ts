import ipaddr from 'ipaddr.js';

/** A way that media could take, and how far it came. */
export interface WayTried {
  kind: 'udp' | 'tcp' | 'stun' | 'turn';
  /** The addresses that the relay offers, or the server's. */
  where: string[];
  /** How far: not offered at all; the server silent or refusing; no connection; connected, but no media; all of it. */
  came: 'not-offered' | 'no-answer' | 'refused' | 'no-connection' | 'no-media' | 'works';
  ms?: number;
  /** What the server said, or the address that it sees us at. */
  told?: string;
}

/** What a person is told of a way. */
export interface Verdict {
  means: string;
  /** What to do next; undefined when nothing has to be done. */
  next?: string;
}

const rangeOf = (place: string): string => {
  const host = place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return ipaddr.isValid(host) ? ipaddr.parse(host).range() : 'name';
};
const INSIDE = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);

/** Why no packet comes back over an address that the relay offers. */
function unanswered({ kind, where }: WayTried, gateway: string): Verdict {
  const places = where.join(', ');
  const transport = kind.toUpperCase();
  const ranges = where.map(rangeOf);
  if (ranges.every((range) => range === 'loopback')) {
    return {
      means: `the relay offers ${places}, which only its own machine reaches`,
      next: 'Let media listen for others (media.listen: 0.0.0.0), and name the public address in ice.public_hosts.',
    };
  }
  if (ranges.every((range) => INSIDE.has(range)) && rangeOf(gateway) !== 'private') {
    return {
      means: `the relay offers ${places} alone, which nobody outside of its network reaches`,
      next: 'Name its public address in ice.public_hosts, and have the router pass the port on.',
    };
  }
  return {
    means: `${transport} to ${places} does not come back`,
    next: `Open ${transport} ${[...new Set(where.map((place) => place.replace(/^.*:/, '')))].join(', ')} to the relay in its firewall, and pass it on at its router; when it is the viewer's own network that refuses it, ${kind === 'udp' ? 'ice.tcp or a TURN server' : 'a TURN server'} helps.`,
  };
}

/** Says what came of a way and what to do next. @param gateway its host name or address */
export function verdictOf(way: WayTried, gateway: string): Verdict {
  const server = way.where[0] ?? '';
  switch (way.came) {
    case 'works':
      if (way.kind === 'stun') return { means: `we are seen as ${way.told}` };
      return { means: way.kind === 'turn' ? 'the picture comes through it' : `the picture comes from ${way.told}` };
    case 'not-offered':
      if (way.kind === 'tcp') {
        return {
          means: 'the relay offers no TCP: networks that take no UDP see nothing, unless there is TURN',
          next: 'Set ice.tcp: true, and open the TCP port of the same number.',
        };
      }
      if (way.kind === 'turn') {
        return { means: 'no TURN server is configured: networks that let nothing but 443 out see nothing' };
      }
      return {
        means: 'the relay offers no UDP',
        next: "Look at the relay's log: its WebRTC port may be taken (ports.webrtc_udp).",
      };
    case 'no-answer':
      return {
        means: `${server} does not answer`,
        next: `Does that server run, and does a firewall stand before its port? ${way.kind === 'turn' ? '?transport=tcp in ice.turn.urls' : 'TURN over TCP'} gets through where UDP does not.`,
      };
    case 'refused':
      return {
        means: `${server} refuses: ${way.told}`,
        next: 'ice.turn.secret_file must hold what coturn calls static-auth-secret (use-auth-secret), and both clocks must agree.',
      };
    case 'no-connection':
      if (way.kind !== 'turn') return unanswered(way, gateway);
      return {
        means: `${server} gives an address, but does not reach the relay from it`,
        next: "The TURN server must be let to the relay's UDP port: by the firewall between them, and by coturn's allowed-peer-ip where the relay's address is private.",
      };
    case 'no-media':
      return {
        means: 'it connects, but no picture comes',
        next: 'Is the camera live (signalbox status)? It must send H.264 for this trial.',
      };
  }
}
