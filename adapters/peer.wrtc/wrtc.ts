import { createRequire } from 'node:module';
import type { Candidate, Reach } from './sdp.ts';
import type { Picture } from './y4m.ts';

/**
 * The only place that knows @roamhq/wrtc. Its process must end by `process.exit`: a natural end crashes in its native
 * code, and a track that is not stopped keeps Node alive for ever.
 */

interface Description {
  type: 'offer' | 'answer';
  sdp: string;
}
interface Track {
  stop(): void;
}
/** What is used of an RTCPeerConnection. Its own declarations need those of a browser. */
interface Connection {
  readonly connectionState: string;
  readonly iceGatheringState: string;
  readonly localDescription: Description;
  onconnectionstatechange: () => void;
  onicegatheringstatechange: () => void;
  setRemoteDescription(description: Description): Promise<void>;
  setLocalDescription(description: Description): Promise<void>;
  createAnswer(): Promise<Description>;
  addTrack(track: Track): void;
  addIceCandidate(candidate: Candidate): Promise<void>;
  getTransceivers(): { sender: { track: Track | null }; setCodecPreferences(codecs: unknown[]): void }[];
  getStats(): Promise<Map<string, { type: string; availableOutgoingBitrate?: number }>>;
  close(): void;
}
interface Wrtc {
  RTCPeerConnection: new (options: object) => Connection;
  RTCRtpSender: { getCapabilities(kind: 'video'): { codecs: { mimeType: string }[] } };
  nonstandard: {
    RTCVideoSource: new () => { createTrack(): Track; onFrame(frame: Picture): void };
  };
}
// A CommonJS package with a native part: bundlers leave it alone.
const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as Wrtc;

const isVp8 = ({ mimeType }: { mimeType: string }): boolean => /^video\/(VP8|rtx)$/i.test(mimeType);

/** A connection that sends one VP8 picture. */
export interface Sender {
  /** Answers an offer, once every candidate is gathered. @throws Error when it can't be answered */
  answer(offer: string): Promise<string>;
  candidate(candidate: Candidate): void;
  /** Encodes and sends a picture; it may be used again afterwards. */
  send(picture: Picture): void;
  /** What its congestion control believes that the network carries, in kb/s; undefined before it knows. */
  estimateKbps(): Promise<number | undefined>;
  close(): void;
}

/** Makes a sender. @param turned hears of the states of an RTCPeerConnection */
export function openSender({ ports }: Pick<Reach, 'ports'>, turned: (state: string) => void): Sender {
  const connection = new wrtc.RTCPeerConnection({ iceServers: [], ...(ports ? { portRange: ports } : {}) });
  const source = new wrtc.nonstandard.RTCVideoSource();
  const track = source.createTrack();
  connection.onconnectionstatechange = () => turned(connection.connectionState);
  return {
    async answer(offer) {
      await connection.setRemoteDescription({ type: 'offer', sdp: offer });
      connection.addTrack(track);
      const sending = connection.getTransceivers().find(({ sender }) => sender.track !== null);
      sending?.setCodecPreferences(wrtc.RTCRtpSender.getCapabilities('video').codecs.filter(isVp8));
      const gathered = new Promise<void>((resolve) => {
        connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
      });
      await connection.setLocalDescription(await connection.createAnswer());
      if (connection.iceGatheringState !== 'complete') await gathered;
      return connection.localDescription.sdp;
    },
    candidate(candidate) {
      connection.addIceCandidate(candidate).catch(() => {}); // one that can't be used, or comes after the end
    },
    send: (picture) => source.onFrame(picture),
    async estimateKbps() {
      const reports = [...(await connection.getStats()).values()];
      const pair = reports.find(({ availableOutgoingBitrate }) => availableOutgoingBitrate !== undefined);
      return pair?.availableOutgoingBitrate === undefined
        ? undefined
        : Math.round(pair.availableOutgoingBitrate / 1000);
    },
    close() {
      track.stop();
      connection.close();
    },
  };
}
