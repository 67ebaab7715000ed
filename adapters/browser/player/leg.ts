import { createFrames, type Frame } from './frames.ts';

/** What a leg tells the player. */
export interface LegHears {
  candidate(candidate: RTCIceCandidate): void;
  frame(frame: Frame): void;
  /** The connection is gone; the picture will not come back on this leg. */
  lost(why: string): void;
}

/** One connection that brings the picture, and the video that shows it: a peer connection, or another way. */
export interface Leg {
  readonly name: string;
  readonly video: HTMLVideoElement;
  /** Whether the gateway opens it and is told of it: so it is with peer connections. */
  readonly signalled: boolean;
  /** One that has shown no frame for this long is given up. */
  readonly patienceMs: number;
  /** When it was begun, on the page's monotonic clock. */
  readonly beganMs: number;
  /**
   * Begins. Of a peer connection, the offer, made when the leg was opened: gathering starts here, candidates follow one
   * by one. Undefined where nothing is offered.
   */
  begin(iceServers: RTCIceServer[]): Promise<string | undefined>;
  answer(sdp: string): Promise<void>;
  candidate(candidate: RTCIceCandidateInit): void;
  report(): Promise<RTCStatsReport>;
  /** Whether sound comes with its picture; undefined while that can't be told. */
  sounds(): boolean | undefined;
  /** Frames are decoded, though none is presented, as in a hidden page. */
  decoded(): void;
  /** Goes to the newest picture there is, after a pause. */
  toLive(): void;
  /** The relay is to send no more on it: what is still on its way is shown, and its end is no loss. */
  runOut(): void;
  close(): void;
}

// A camera may send a key frame only every ten seconds.
const FIRST_FRAME_MS = 12_000;

/** Relays answer with a track for sound whether or not they have one: a connection that has brought none by then has none. */
const SOUND_WITHIN_MS = 1_000;
/** A browser unmutes a track when its first packet comes. */
const isHeard = ({ track }: RTCRtpReceiver): boolean => track.kind === 'audio' && !track.muted;

/** Opens a leg that receives video and audio. The offer is made while the gateway is still being asked. */
export function openLeg(name: string, video: HTMLVideoElement, hears: LegHears): Leg {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const stream = new MediaStream();
  const early: RTCIceCandidateInit[] = [];
  let open = true;
  let answered = false;
  let runsOut = false;
  let connectedMs: number | undefined;
  for (const kind of ['video', 'audio']) connection.addTransceiver(kind, { direction: 'recvonly' });
  const offer = connection.createOffer();
  // Whoever closes the leg before its offer is made does not want it.
  offer.catch(() => {});

  const frames = createFrames(video, () => open, hears.frame);
  connection.ontrack = ({ track, receiver }) => {
    stream.addTrack(track);
    // A control room wants now, not smooth; the browser still grows the buffer when the network asks for it.
    if (track.kind === 'video' && 'jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    frames.watch();
    video.play().catch(() => {});
  };
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && open) hears.candidate(candidate);
  };
  connection.onconnectionstatechange = () => {
    if (connection.connectionState === 'connected') connectedMs ??= performance.now();
    if (open && !runsOut && connection.connectionState === 'failed') hears.lost('The media connection failed.');
  };

  return {
    name,
    video,
    signalled: true,
    patienceMs: FIRST_FRAME_MS,
    beganMs: performance.now(),
    async begin(iceServers) {
      connection.setConfiguration({ iceServers, bundlePolicy: 'max-bundle' });
      await connection.setLocalDescription(await offer);
      return connection.localDescription?.sdp ?? '';
    },
    async answer(sdp) {
      if (!open || answered) return;
      answered = true;
      await connection.setRemoteDescription({ type: 'answer', sdp });
      for (const candidate of early.splice(0)) connection.addIceCandidate(candidate).catch(() => {});
    },
    candidate(candidate) {
      if (!open) return;
      if (connection.remoteDescription) connection.addIceCandidate(candidate).catch(() => {});
      else early.push(candidate);
    },
    report: () => connection.getStats(),
    sounds() {
      if (connection.getReceivers().some(isHeard)) return true;
      const waits = connectedMs === undefined || performance.now() - connectedMs < SOUND_WITHIN_MS;
      return waits ? undefined : false;
    },
    decoded: frames.decoded,
    toLive() {},
    runOut() {
      runsOut = true;
    },
    close() {
      open = false;
      connection.close();
      if (video.srcObject === stream) video.srcObject = null;
    },
  };
}
