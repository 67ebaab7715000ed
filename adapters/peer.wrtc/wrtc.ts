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
/** What a STUN or TURN server answered instead of an address; 701: nothing. */
export interface IceFault {
  url: string;
  errorCode: number;
  errorText: string;
}
/** What is used of an RTCPeerConnection. Its own declarations need those of a browser. */
interface Connection {
  readonly connectionState: string;
  readonly iceGatheringState: string;
  readonly localDescription: Description;
  onconnectionstatechange: () => void;
  onicegatheringstatechange: () => void;
  onicecandidate: (event: { candidate: { candidate: string; type?: string } | null }) => void;
  onicecandidateerror: (event: IceFault) => void;
  setRemoteDescription(description: Description): Promise<void>;
  setLocalDescription(description: Description): Promise<void>;
  createOffer(): Promise<Description>;
  createAnswer(): Promise<Description>;
  addTransceiver(kind: 'video', options: { direction: 'recvonly' }): void;
  addTrack(track: Track): void;
  addIceCandidate(candidate: Candidate): Promise<void>;
  getTransceivers(): { sender: { track: Track | null }; setCodecPreferences(codecs: unknown[]): void }[];
  getStats(): Promise<Map<string, Stat>>;
  close(): void;
}
interface Stat {
  type: string;
  availableOutgoingBitrate?: number;
  packetsReceived?: number;
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

/** What a receiver reaches the other side with. */
export interface IceMeans {
  servers: { urls: string[]; username?: string; credential?: string }[];
  /** Through a TURN server or not at all. */
  relayOnly: boolean;
}

/** A connection that would receive one video, as a viewer's does. */
export interface Receiver {
  /** Makes an offer, gathering for as long as it takes, and at most this long. */
  offer(patienceMs: number): Promise<string>;
  /** What was gathered so far, as `candidate:` lines, and what STUN and TURN servers refused. */
  readonly candidates: string[];
  readonly faults: IceFault[];
  accept(answer: string): Promise<void>;
  state(): string;
  /** RTP packets that have come. */
  packets(): Promise<number>;
}

/** Makes a receiver. Its process ends by `process.exit`, which closes it. */
export function openReceiver({ servers, relayOnly }: IceMeans): Receiver {
  const connection = new wrtc.RTCPeerConnection({
    iceServers: servers,
    iceTransportPolicy: relayOnly ? 'relay' : 'all',
  });
  const candidates: string[] = [];
  const faults: IceFault[] = [];
  return {
    candidates,
    faults,
    async offer(patienceMs) {
      connection.addTransceiver('video', { direction: 'recvonly' });
      const gathered = new Promise<void>((resolve) => {
        connection.onicecandidate = ({ candidate }) => {
          if (candidate) candidates.push(candidate.candidate);
          // The first address at a TURN server is enough.
          if (!candidate || relayOnly) resolve();
        };
      });
      connection.onicecandidateerror = ({ url, errorCode, errorText }) => faults.push({ url, errorCode, errorText });
      await connection.setLocalDescription(await connection.createOffer());
      await Promise.race([gathered, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
      return connection.localDescription.sdp;
    },
    accept: (answer) => connection.setRemoteDescription({ type: 'answer', sdp: answer }),
    state: () => connection.connectionState,
    async packets() {
      const reports = [...(await connection.getStats()).values()];
      return reports.reduce(
        (sum, { type, packetsReceived = 0 }) => sum + (type === 'inbound-rtp' ? packetsReceived : 0),
        0,
      );
    },
  };
}
