import type { Admission } from './admission.ts';
import { backoffMs } from './backoff.ts';
import type { Goal } from './legs.ts';
import { type ClientMessage, parseServerMessage, type ServerMessage, SUBPROTOCOL } from './protocol.ts';
import type { Signaller, SignallerHears, Standby } from './signaller.ts';

// A gateway that was killed is back within 3 s; a wall of players must not make its return harder.
const AGAIN = { firstMs: 150, longestMs: 2_000 };
const OPENING_MS = 5_000;

const standbyOf = (said: Extract<ServerMessage, { type: 'standby' }>): Standby | undefined => {
  if (!('token' in said)) return undefined;
  const { relay, token, ttl_ms: ttlMs, whep_url: url, relay_token: pass } = said;
  return { relay, token, ttlMs, ...(url && pass ? { direct: { url, token: pass } } : {}) };
};

const goalOf = ({ relay, reason, quality, prove_ms: proveMs }: Extract<ServerMessage, { type: 'move' }>): Goal => ({
  relay,
  reason,
  ...(quality ? { quality } : {}),
  ...(proveMs === undefined ? {} : { proveMs }),
});

/**
 * Signalling over a WebSocket. When the socket drops it comes back by itself and says hello again with the same
 * stream token: the session is rejoined, and media, which never went through it, goes on untouched. Offers that were
 * not answered are sent again.
 */
export function openSignalling(admission: Admission, options: { quality?: string }, hears: SignallerHears): Signaller {
  let socket: WebSocket | undefined;
  let attempt = 0;
  let timer = 0;
  let over = false;
  let welcomed = false;
  let leg = 'a';
  const unanswered = new Map<string, ClientMessage[]>();
  /** Of legs that were opened elsewhere while nobody was here to be told. */
  const untold = new Map<string, ClientMessage[]>();

  const send = (message: ClientMessage): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const reaches = (): boolean => welcomed && socket?.readyState === WebSocket.OPEN;
  const tell = (name: string, message: ClientMessage): void => {
    if (reaches()) send(message);
    else untold.set(name, [...(untold.get(name) ?? []), message]);
  };

  const connect = (): void => {
    const opening = new WebSocket(admission.signallingUrl, SUBPROTOCOL);
    socket = opening;
    welcomed = false;
    const tooLong = window.setTimeout(() => opening.close(), OPENING_MS);
    opening.onopen = () => {
      window.clearTimeout(tooLong);
      const { quality } = options;
      send({ type: 'hello', stream_token: admission.streamToken, leg, ...(quality ? { quality } : {}) });
      for (const messages of unanswered.values()) messages.forEach(send);
    };
    opening.onmessage = ({ data }) => {
      const message = parseServerMessage(data);
      if (message && !over && socket === opening) hear(message);
    };
    opening.onclose = () => {
      window.clearTimeout(tooLong);
      if (over || socket !== opening) return;
      hears.link(false);
      timer = window.setTimeout(connect, backoffMs(attempt++, AGAIN));
    };
  };

  const hear = (message: ServerMessage): void => {
    switch (message.type) {
      case 'welcome':
        attempt = 0;
        welcomed = true;
        for (const messages of untold.values()) messages.forEach(send);
        untold.clear();
        hears.link(true);
        break;
      case 'answer':
        unanswered.delete(message.leg);
        hears.answer(message.leg, message.sdp, message.relay);
        break;
      case 'candidate':
        hears.candidate(message.leg, { candidate: message.candidate, sdpMid: message.sdpMid });
        break;
      case 'refused':
        unanswered.delete(message.leg);
        hears.refused(message.leg, message.text);
        break;
      case 'move':
        hears.move(message.leg, goalOf(message));
        break;
      case 'doubt':
        hears.doubt(message.for_ms);
        break;
      case 'standby':
        hears.standby(standbyOf(message));
        break;
      case 'state':
        hears.cameraState(message.state, message.why);
        break;
      case 'renewed':
        if (message.stream_token) admission.streamToken = message.stream_token;
        break;
      case 'end':
        leave();
        hears.end(message.reason, message.text, message.retry);
        break;
    }
  };

  const leave = (): void => {
    over = true;
    window.clearTimeout(timer);
    socket?.close(1000);
  };

  connect();
  return {
    reaches,
    opened(name, relay, relaySession) {
      leg = name;
      unanswered.delete(name);
      tell(name, { type: 'opened', leg: name, relay, relay_session: relaySession });
    },
    offer(name, sdp, goal) {
      leg = name;
      const own = goal?.token ? { relay: goal.relay, standby_token: goal.token } : {};
      const silent = goal?.silentMs === undefined ? {} : { silent_ms: Math.round(goal.silentMs) };
      const offer: ClientMessage = { type: 'offer', leg: name, sdp, ...own, ...silent };
      unanswered.set(name, [offer]);
      send(offer);
    },
    candidate(name, { candidate, sdpMid, sdpMLineIndex }) {
      const message: ClientMessage = { type: 'candidate', leg: name, candidate, sdpMid, sdpMLineIndex };
      unanswered.get(name)?.push(message);
      send(message);
    },
    stats(name, { figures, latency, busyMs }, gapMs, queueMs) {
      send({
        type: 'stats',
        leg: name,
        fps: Math.round(figures.fps * 10) / 10,
        ...(figures.receivedFps === undefined ? {} : { received_fps: Math.round(figures.receivedFps * 10) / 10 }),
        loss: Math.round(figures.loss * 10_000) / 10_000,
        jitter_ms: Math.round(figures.jitterMs * 10) / 10,
        kbps: Math.round(figures.kbps),
        freezes: figures.freezes,
        ...(figures.rttMs === undefined ? {} : { rtt_ms: Math.round(figures.rttMs * 10) / 10 }),
        ...(latency === undefined ? {} : { latency_ms: Math.max(0, latency.ms) }),
        ...(gapMs === undefined ? {} : { gap_ms: Math.round(gapMs) }),
        ...(queueMs === undefined ? {} : { queue_ms: Math.round(queueMs) }),
        ...(busyMs === undefined ? {} : { busy_ms: Math.max(0, Math.round(busyMs)) }),
      });
    },
    playing(name, firstFrameMs, gapMs, silentMs) {
      tell(name, {
        type: 'playing',
        leg: name,
        first_frame_ms: Math.round(firstFrameMs),
        ...(gapMs === undefined ? {} : { gap_ms: Math.max(0, Math.round(gapMs)) }),
        ...(silentMs === undefined ? {} : { silent_ms: Math.round(silentMs) }),
      });
    },
    closeLeg(name, noRoom) {
      unanswered.delete(name);
      untold.delete(name);
      tell(name, { type: 'close', leg: name, ...(noRoom ? { no_room: true } : {}) });
    },
    close: leave,
  };
}
