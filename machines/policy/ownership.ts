import { aboutIn } from './alarms.ts';
import { hash } from './hash.ts';

/** Who a cell belongs to, and why. */
export interface Ownership {
  /** Undefined while there is no gateway. */
  owner: string | undefined;
  why: { reason: 'holder' | 'share' | 'no-gateway'; text: string };
}

/** What the decision is made from. */
export interface Claimable {
  kind: string;
  id: string;
  /** The gateway that wrote its last record. */
  holder?: string;
}

const WITH_THEIR_CAMERA = new Set(['recording', 'rendition', 'ptz']);
/** Cells of one key live together. */
const keyOf = ({ kind, id }: { kind: string; id: string }): string =>
  `${WITH_THEIR_CAMERA.has(kind) ? 'camera' : kind}/${id}`;

/**
 * Which living gateway a cell belongs to. A viewer session stays with the gateway that holds it; all else is shared out
 * by rendezvous hashing: each gateway comes to the same answer by itself, and one that joins or leaves moves only its
 * own share. A recording goes with its camera, whose relay it has to turn on, and so do its ladder, which begins with
 * what its switcher has stored, and what moves it, since whoever adds a camera adds both. An alarm goes with what it is
 * about, so that it is raised though gateways hear nothing of each other; one about a gateway itself is that one's while
 * it lives.
 * @param members names of the living gateways
 */
export function ownerOf({ kind, id, holder }: Claimable, members: readonly string[]): Ownership {
  if (kind === 'viewer' && holder !== undefined && members.includes(holder)) {
    return { owner: holder, why: { reason: 'holder', text: `${holder} holds this session` } };
  }
  const about = kind === 'alarm' ? aboutIn(id) : undefined;
  if (about?.kind === 'gateway' && members.includes(about.id)) {
    return { owner: about.id, why: { reason: 'holder', text: `it is about ${about.id}` } };
  }
  const key = keyOf(about ?? { kind, id });
  let owner: string | undefined;
  let highest = -1;
  for (const member of members.toSorted()) {
    const weight = hash(`${member} ${key}`);
    if (weight <= highest) continue;
    owner = member;
    highest = weight;
  }
  if (owner === undefined) return { owner, why: { reason: 'no-gateway', text: 'no gateway is there' } };
  return { owner, why: { reason: 'share', text: `it falls to ${owner}, one of ${members.length}` } };
}
