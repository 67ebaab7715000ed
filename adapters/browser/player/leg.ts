/** A frame that was put on screen. */
export interface Frame {
  /** When it is expected to be seen, on the page's monotonic clock (`performance.now`). */
  displayMs: number;
  /** The same on the wall clock, for comparing with a clock in the picture. */
  displayAt: number;
  first: boolean;
}

/** What a leg tells the player. */
export interface LegHears {
  candidate(candidate: RTCIceCandidate): void;
  frame(frame: Frame): void;
  /** The connection is gone; the picture will not come back on this leg. */
  lost(why: string): void;
}

/** One peer connection and the video that shows it. */
export interface Leg {
  readonly name: string;
  readonly video: HTMLVideoElement;
  /** When it was begun, on the page's monotonic clock. */
  readonly beganMs: number;
  /** The offer, made when the leg was opened. Gathering starts here; candidates follow one by one. */
  begin(iceServers: RTCIceServer[]): Promise<string>;
  answer(sdp: string): Promise<void>;
  candidate(candidate: RTCIceCandidateInit): void;
  report(): Promise<RTCStatsReport>;
  /** Frames are decoded, though none is presented, as in a hidden page. */
  decoded(): void;
  /** Ends the connection, and leaves its last frame on screen. */
  hush(): void;
  close(): void;
}

/** Opens a leg that receives video and audio. The offer is made while the gateway is still being asked. */
export function openLeg(name: string, video: HTMLVideoElement, hears: LegHears): Leg {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  const stream = new MediaStream();
  const early: RTCIceCandidateInit[] = [];
  let open = true;
  let shown = false;
  let answered = false;
  for (const kind of ['video', 'audio']) connection.addTransceiver(kind, { direction: 'recvonly' });
  const offer = connection.createOffer();
  // Whoever closes the leg before its offer is made does not want it.
  offer.catch(() => {});

  const present = (displayMs: number): void => {
    const displayAt = Date.now() + displayMs - performance.now();
    const first = !shown;
    shown = true;
    hears.frame({ displayMs, displayAt, first });
  };
  const watchFrames = (): void => {
    video.requestVideoFrameCallback((_now, { expectedDisplayTime }) => {
      if (!open) return;
      watchFrames();
      present(expectedDisplayTime);
    });
  };
  connection.ontrack = ({ track, receiver }) => {
    stream.addTrack(track);
    // A control room wants now, not smooth; the browser still grows the buffer when the network asks for it.
    if (track.kind === 'video' && 'jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
    if (video.srcObject === stream) return;
    video.srcObject = stream;
    watchFrames();
    video.play().catch(() => {});
  };
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && open) hears.candidate(candidate);
  };
  connection.onconnectionstatechange = () => {
    if (open && connection.connectionState === 'failed') hears.lost('The media connection failed.');
  };

  return {
    name,
    video,
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
    decoded() {
      if (open) present(performance.now());
    },
    hush() {
      open = false;
      connection.close();
    },
    close() {
      open = false;
      connection.close();
      if (video.srcObject === stream) video.srcObject = null;
    },
  };
}
