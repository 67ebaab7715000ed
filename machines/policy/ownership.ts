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

/** FNV-1a, with the bits mixed at the end (as MurmurHash3 does): names that differ in their last letter lie far apart. */
function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/**
 * Which living gateway a cell belongs to. A viewer session stays with the gateway that holds it; all else is shared out
 * by rendezvous hashing: each gateway comes to the same answer by itself, and one that joins or leaves moves only its
 * own share.
 * @param members names of the living gateways
 */
export function ownerOf({ kind, id, holder }: Claimable, members: readonly string[]): Ownership {
  if (kind === 'viewer' && holder !== undefined && members.includes(holder)) {
    return { owner: holder, why: { reason: 'holder', text: `${holder} holds this session` } };
  }
  let owner: string | undefined;
  let highest = -1;
  for (const member of members.toSorted()) {
    const weight = hash(`${member} ${kind}/${id}`);
    if (weight <= highest) continue;
    owner = member;
    highest = weight;
  }
  if (owner === undefined) return { owner, why: { reason: 'no-gateway', text: 'no gateway is there' } };
  return { owner, why: { reason: 'share', text: `it falls to ${owner}, one of ${members.length}` } };
}
