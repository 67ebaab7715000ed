/**
 * WebRTC here has no H.264, and needs none to find out whether packets come: it calls VP8 so, and never decodes it.
 * Candidates are sorted by the way that they are for, so that a trial takes that way or none.
 */

/** An offer that a relay of H.264 answers, without candidates: the relay shall not come to us by itself. */
export function asH264(offer: string): string {
  const number = /^a=rtpmap:(\d+) VP8\/90000/m.exec(offer)?.[1];
  const h264 = `a=rtpmap:${number} H264/90000\r\na=fmtp:${number} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`;
  return offer.replace(`a=rtpmap:${number} VP8/90000`, h264).replace(/^a=candidate:.*\r?\n/gm, '');
}

/** The answer to it as the connection that offered VP8 takes it, with the candidates of one transport alone. */
export function asVp8(answer: string, transport: Transport): string {
  const number = /^a=rtpmap:(\d+) H264\/90000/m.exec(answer)?.[1];
  return answer
    .replaceAll(`a=rtpmap:${number} H264/90000`, `a=rtpmap:${number} VP8/90000`)
    .replace(new RegExp(`^a=fmtp:${number} .*\\r?\\n`, 'gm'), '')
    .replace(/^a=candidate:.*\r?\n/gm, (line) => (candidateOf(line)?.transport === transport ? line : ''));
}

/** How a candidate is reached. */
export type Transport = 'udp' | 'tcp';

/** Where media may come from or go to. */
export interface Candidate {
  transport: Transport;
  address: string;
  port: number;
  type: string;
}

/** Reads a candidate (RFC 8839); undefined when it is none. */
export function candidateOf(line: string): Candidate | undefined {
  const found = /candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d+) typ (\S+)/i.exec(line);
  if (!found) return undefined;
  const [, transport = '', address = '', port, type = ''] = found;
  return { transport: transport.toLowerCase() as Transport, address, port: Number(port), type };
}

/** Every candidate of a description. */
export const candidatesOf = (sdp: string): Candidate[] =>
  sdp.split(/\r?\n/).flatMap((line) => (line.startsWith('a=candidate:') ? (candidateOf(line) ?? []) : []));
