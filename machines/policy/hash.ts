/**
 * A 32-bit hash of a text, the same everywhere and for ever: for rendezvous hashing, where each option's weight is the
 * hash of its name with what is shared out. FNV-1a over UTF-16 code units, with the bits mixed at the end as MurmurHash3
 * does, so that names that differ in their last letter lie far apart.
 */
export function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
