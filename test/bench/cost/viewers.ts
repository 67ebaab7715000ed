import type { Browser, Page } from 'playwright-core';
import type { TestGroup } from '../../fixtures/group.ts';
import { until } from '../../fixtures/process.ts';

/** What the viewers have received, summed up to now. */
export interface Received {
  /** Bytes and whole frames of each viewer. */
  bytes: number[];
  frames: number[];
  /** Pictures that were decoded, and those that browsers asked anew for. */
  decoded: number;
  plis: number;
}

/** Viewers of one camera in one page, each a session of its own. */
export interface Viewers {
  /** Has this many watch, and waits until media flows to each. */
  grow(count: number, withinMs?: number): Promise<void>;
  received(): Promise<Received>;
  close(): Promise<void>;
}

/**
 * The signalling of our player, and a peer connection whose frames are counted and dropped before the decoder: thirty
 * decoders would leave nothing of two cores. Key frames go through, or browsers would ask for them without end.
 */
const CLIENT = `
  window.viewers = [];
  window.openViewer = async (camera, token) => {
    const viewer = { frames: 0, seen: 0, said: [] };
    viewers.push(viewer);
    const admitted = await fetch('/live/' + camera + '/webrtc', { headers: { authorization: 'Bearer ' + token } });
    if (!admitted.ok) throw new Error('a viewer was answered with ' + admitted.status + ' ' + await admitted.text());
    const { webrtc_url, stream_token, ice_servers } = await admitted.json();
    const peer = new RTCPeerConnection({ iceServers: ice_servers, encodedInsertableStreams: true });
    viewer.peer = peer;
    for (const kind of ['video', 'audio']) {
      const { receiver } = peer.addTransceiver(kind, { direction: 'recvonly' });
      const { readable, writable } = receiver.createEncodedStreams();
      const pick = new TransformStream({
        transform(frame, controller) {
          if (kind === 'video') viewer.frames += 1;
          if (frame.type === 'key') controller.enqueue(frame);
        },
      });
      readable.pipeThrough(pick).pipeTo(writable).catch(() => {});
    }
    const socket = new WebSocket(webrtc_url, 'signalbox.v1');
    const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));
    peer.onicecandidate = ({ candidate }) => candidate && say({
      type: 'candidate', leg: 'a', candidate: candidate.candidate, sdpMid: candidate.sdpMid,
    });
    socket.onopen = () => say({ type: 'hello', stream_token, leg: 'a' });
    socket.onmessage = async ({ data }) => {
      const message = JSON.parse(data);
      viewer.said.push(message.type);
      if (message.type === 'welcome') {
        await peer.setLocalDescription();
        say({ type: 'offer', leg: 'a', sdp: peer.localDescription.sdp });
      }
      if (message.type === 'answer') await peer.setRemoteDescription({ type: 'answer', sdp: message.sdp });
      if (message.type === 'end' || message.type === 'refused') viewer.fault = message.text;
    };
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === 'connected') say({ type: 'playing', leg: 'a', first_frame_ms: 500 });
    };
    // As much and as often as our player tells; without a decoder some of it is made up.
    setInterval(() => {
      const fps = viewer.frames - viewer.seen;
      viewer.seen = viewer.frames;
      if (fps > 0) say({
        type: 'stats', leg: 'a', fps, loss: 0, jitter_ms: 1.5, kbps: 3000, freezes: 0, rtt_ms: 0.4, latency_ms: 71,
      });
    }, 1000);
  };
  window.tellReceived = async () => {
    const told = { bytes: [], frames: [], decoded: 0, plis: 0 };
    for (const { peer, frames, fault } of viewers) {
      if (fault) throw new Error('a viewer was told: ' + fault);
      const all = peer ? [...(await peer.getStats()).values()] : [];
      const video = all.find((one) => one.type === 'inbound-rtp' && one.kind === 'video');
      told.bytes.push(video ? video.bytesReceived : 0);
      told.frames.push(frames);
      told.decoded += video ? video.framesDecoded : 0;
      told.plis += video ? video.pliCount : 0;
    }
    return told;
  };
`;

/**
 * Opens the page that holds the viewers. Each comes as somebody else, so that no quota is met.
 * @param cameraOf which camera each of them watches, by number
 */
export async function openViewers(
  browser: Browser,
  group: TestGroup,
  cameraOf: (viewer: number) => string,
): Promise<Viewers> {
  // The script is ours, not the page's: its policy is for what the gateway serves.
  const context = await browser.newContext({ bypassCSP: true });
  const page: Page = await context.newPage();
  await page.goto(`${group.url}/healthz`);
  await page.evaluate(CLIENT);
  const received = (): Promise<Received> => page.evaluate('tellReceived()');
  let count = 0;
  return {
    received,
    async grow(wanted, withinMs = 30_000) {
      for (; count < wanted; count++) {
        const token = group.token({ sub: `viewer-${count}`, name: `Viewer ${count}`, role: 'viewer' });
        await page.evaluate(`openViewer(${JSON.stringify(cameraOf(count))}, ${JSON.stringify(token)})`);
      }
      const flows = async () => (await received()).frames.every((frames) => frames > 0);
      await until(`media at ${wanted} viewers`, flows, withinMs, 200);
    },
    close: () => context.close(),
  };
}
