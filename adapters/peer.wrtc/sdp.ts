const CANDIDATE = /^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ (\S+)/;

const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';

const linesOf = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '');
const textOf = (lines: string[]): string => `${lines.join('\r\n')}\r\n`;

/** Where viewers reach this process. */
export interface Reach {
  /** The address on which media is offered; `0.0.0.0` or `::` are all that this machine has. */
  address: string;
  /** Other addresses or host names that lead here, for instance a public one behind NAT. */
  hosts: string[];
  /** The UDP ports that may be used; absent: any free one. */
  ports?: { min: number; max: number } | undefined;
}

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** Whether media is offered at an address of this machine. */
function isOffered(address: string, reach: Reach): boolean {
  if (isLoopback(reach.address)) return address === '127.0.0.1';
  return WILDCARDS.has(reach.address) ? !isLoopback(address) : address === reach.address;
}
/** Whether a viewer's address may be tried: from loopback nothing leaves this machine. */
const mayBeTried = (address: string, reach: Reach): boolean => !isLoopback(reach.address) || isLoopback(address);

/** An answer with the candidates at which the viewer may come: UDP, where media is offered. */
export function reachable(sdp: string, reach: Reach): string {
  return textOf(
    linesOf(sdp).flatMap((line) => {
      const [, address = ''] = CANDIDATE.exec(line) ?? [];
      if (address === '') return [line];
      if (!/ udp /i.test(line) || !isOffered(address, reach)) return [];
      return [line, ...reach.hosts.map((host) => line.replace(` ${address} `, ` ${host} `))];
    }),
  );
}

/** An offer with the candidates that may be tried, and a bound on what its video may be sent. */
export function bounded(sdp: string, reach: Reach, mostKbps: number): string {
  let atVideo = false;
  return textOf(
    linesOf(sdp).flatMap((line) => {
      const [, address = ''] = CANDIDATE.exec(line) ?? [];
      if (address !== '' && !mayBeTried(address, reach)) return [];
      if (line.startsWith('m=')) atVideo = line.startsWith('m=video ');
      if (!atVideo || !line.startsWith('a=')) return atVideo && line.startsWith('b=') ? [] : [line];
      // RFC 4566: the bandwidth of a section stands before its attributes.
      atVideo = false;
      return [`b=AS:${mostKbps}`, line];
    }),
  );
}

/** A candidate of a fragment (RFC 8840). */
export interface Candidate {
  candidate: string;
  sdpMid: string;
}

/** The candidates of a fragment that may be tried. */
export function candidatesOf(fragment: string, reach: Reach): Candidate[] {
  let sdpMid = '0';
  return linesOf(fragment).flatMap((line) => {
    if (line.startsWith('a=mid:')) sdpMid = line.slice(6);
    const [, address = ''] = CANDIDATE.exec(line) ?? [];
    return address !== '' && mayBeTried(address, reach) ? [{ candidate: line.slice(2), sdpMid }] : [];
  });
}

/** Whether an offer takes VP8 pictures. */
export const takesVp8 = (sdp: string): boolean => /^a=rtpmap:\d+ VP8\/90000/im.test(sdp);
