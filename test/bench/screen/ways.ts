import type { Link } from '../../fixtures/link.ts';
import { openUdpWay, type UdpWay } from '../../fixtures/udp-way.ts';

/** Ways that the media of pages takes to the relays. */
export interface Ways {
  /** Runs in a page before its own scripts: its connections know the relays by these ways alone. */
  script: string;
  close(): void;
}

/** Opens a way to each of these UDP ports. */
export async function openWays(ports: number[], link: Link): Promise<Ways> {
  const ways: UdpWay[] = [];
  const pairs: [number, number][] = [];
  for (const port of ports) {
    const way = await openUdpWay(port, link);
    ways.push(way);
    pairs.push([port, way.port]);
  }
  return {
    // No candidate of the page reaches a relay, which would find its own way to it.
    script: `{
      const ways = ${JSON.stringify(pairs)};
      const own = RTCPeerConnection.prototype.setRemoteDescription;
      RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
        for (const [from, to] of ways) sdp = sdp.replaceAll(\` 127.0.0.1 \${from} \`, \` 127.0.0.1 \${to} \`);
        return own.call(this, { type, sdp });
      };
      Object.defineProperty(RTCPeerConnection.prototype, 'onicecandidate', { set() {} });
    }`,
    close() {
      for (const way of ways) way.cut();
    },
  };
}
