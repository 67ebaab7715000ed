/** Reads bits and Exp-Golomb numbers from a NAL unit's payload, most significant bit first. Past the end: zeros. */
export interface BitReader {
  bits(count: number): number;
  flag(): boolean;
  /** ue(v) */
  unsigned(): number;
  /** se(v) */
  signed(): number;
  /** Whether more was read than there was: whatever came out then means nothing. */
  overrun(): boolean;
}

/** The longest Exp-Golomb prefix that any field of a parameter set may have. */
const MAX_PREFIX_BITS = 32;

/** Takes out the emulation-prevention bytes (00 00 03 → 00 00). */
export function withoutEmulation(nal: Buffer): Buffer {
  const plain = Buffer.alloc(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[length] = byte;
    length += 1;
  }
  return plain.subarray(0, length);
}

/** A bit reader over bytes without emulation prevention. */
export function readBits(bytes: Buffer): BitReader {
  let at = 0;
  const bit = () => {
    const value = ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
    at += 1;
    return value;
  };
  const bits = (count: number) => {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + bit();
    return value;
  };
  const unsigned = () => {
    let prefix = 0;
    while (prefix < MAX_PREFIX_BITS && bit() === 0) prefix += 1;
    return 2 ** prefix - 1 + bits(prefix);
  };
  return {
    bits,
    flag: () => bit() === 1,
    unsigned,
    signed() {
      const code = unsigned();
      return code % 2 ? (code + 1) / 2 : -code / 2;
    },
    overrun: () => at > bytes.length * 8,
  };
}
