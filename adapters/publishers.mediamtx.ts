import ipaddr from 'ipaddr.js';
import type { PublishedBy } from '../bus/events/camera.ts';
import { parsePublisher } from '../bus/publisher.ts';
import { type Mediamtx, RelayRefused, type RelaySession, type SessionKind } from './mediamtx.ts';

/** What a relay calls the source of a path that somebody publishes, and where it lists who that is. */
const KINDS: Record<string, { kind: SessionKind; protocol: PublishedBy['protocol'] }> = {
  rtspSession: { kind: 'rtspsessions', protocol: 'rtsp' },
  rtspsSession: { kind: 'rtspssessions', protocol: 'rtsp' },
  rtmpConn: { kind: 'rtmpconns', protocol: 'rtmp' },
  rtmpsConn: { kind: 'rtmpsconns', protocol: 'rtmp' },
  srtConn: { kind: 'srtconns', protocol: 'srt' },
  webRTCSession: { kind: 'webrtcsessions', protocol: 'whip' },
};

/** Somebody who publishes at an intake now. */
export interface Publishing {
  path: string;
  id: string;
  /** Who it is; asked for by its own call. */
  who(): Promise<PublishedBy | undefined>;
  cut(): Promise<void>;
}

/** Who publishes at an intake now. Throws RelayAway or RelayRefused. */
export async function publishersAt(api: Mediamtx): Promise<Publishing[]> {
  return (await api.paths()).flatMap(({ name, source }) => {
    const found = source && KINDS[source.type];
    if (!found) return [];
    const { id } = source;
    const { kind, protocol } = found;
    return {
      ...{ path: name, id },
      who: () => api.session(kind, id).then((session) => whoIs(session, protocol), unlessGone),
      cut: async () => void (await api.kick(kind, id)),
    };
  });
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof RelayRefused && error.status === 404)) throw error;
}

/** The gateway hands WHIP on, so that its own address stands where a publisher's does elsewhere. */
function whoIs(session: RelaySession, protocol: PublishedBy['protocol']): PublishedBy | undefined {
  const token = parsePublisher(session.user);
  if (!token) return undefined;
  const { sub: person, ...login } = token;
  const at = protocol === 'whip' ? session.remoteCandidate?.split('/')[2] : session.remoteAddr;
  return {
    id: session.id,
    person,
    protocol,
    network: networkOf(at ?? ''),
    since: Date.parse(session.created),
    ...login,
  };
}

const PRIVATE = new Set(['private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']);

/** What kind of network an address, with or without a port, belongs to. */
export function networkOf(address: string): PublishedBy['network'] {
  const host = /^\[(.*)\]:\d+$/.exec(address)?.[1] ?? address.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
  if (!ipaddr.isValid(host)) return 'unknown';
  const range = ipaddr.process(host).range();
  if (range === 'loopback') return 'this-machine';
  return PRIVATE.has(range) ? 'private' : 'public';
}
