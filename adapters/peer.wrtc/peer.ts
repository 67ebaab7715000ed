import { lookup } from 'node:dns/promises';
import { FIRST_STEP, PICTURE_STEPS, type Sending, type Stepped, stepPicture } from '../../machines/policy/picture.ts';
import { bounded, candidatesOf, type Reach, reachable } from './sdp.ts';
import { openSender } from './wrtc.ts';
import type { Picture } from './y4m.ts';

/** What a peer tells. */
export interface PeerHears {
  /** Media can flow. */
  connected(): void;
  /** It is over by itself. */
  ended(reason: 'not-connected' | 'lost'): void;
  /** It sends another picture. */
  stepped(why: NonNullable<Stepped['why']>): void;
}

/** One viewer's connection: encodes for them alone, as large and as often as their network allows. */
export interface Peer {
  /** @throws Error when the offer can't be answered */
  answer(): Promise<string>;
  /** Candidates that the viewer found later. */
  trickle(fragment: string): void;
  /** The camera's next picture, in the sizes that are asked for. */
  show(sized: (shrink: 1 | 2 | 4) => Picture, atMs: number): void;
  /** What its network carries, by its own estimate. */
  estimateKbps(): number;
  close(): void;
}

const LOOK_EVERY_MS = 250;
const CONNECTED_WITHIN_MS = 15_000;
/** A network that is away for a moment comes back; this long is no moment. */
const LOST_MS = 8_000;
/** More than the lowest fixed rung needs, so that it shows when that one fits again. */
const MOST_KBPS = 1_200;

/** Browsers look up no names in candidates. One that can't be looked up here is left as it is. */
const addressOf = (host: string): Promise<string> =>
  lookup(host).then(
    ({ address }) => address,
    () => host,
  );

/** Opens a peer for an offer. */
export function openPeer(offer: string, reach: Reach, hears: PeerHears): Peer {
  let sending: Sending = { step: FIRST_STEP };
  let estimate = 0;
  /** When the next picture is due (monotonic ms). */
  let dueMs = Number.NEGATIVE_INFINITY;
  let connected = false;
  let over = false;

  const end = (reason: 'not-connected' | 'lost') => {
    if (over) return;
    close();
    hears.ended(reason);
  };
  let patience = setTimeout(() => end('not-connected'), CONNECTED_WITHIN_MS);
  const sender = openSender(reach, (state) => {
    if (over) return;
    if (state === 'connected') {
      clearTimeout(patience);
      if (!connected) hears.connected();
      connected = true;
    } else if (state === 'disconnected' && connected) {
      clearTimeout(patience);
      patience = setTimeout(() => end('lost'), LOST_MS);
    } else if (state === 'failed' || state === 'closed') end(connected ? 'lost' : 'not-connected');
  });
  const look = async () => {
    const kbps = connected ? await sender.estimateKbps().catch(() => undefined) : undefined;
    if (over || kbps === undefined) return;
    estimate = kbps;
    const { why, ...next } = stepPicture(sending, kbps, performance.now());
    sending = next;
    if (why) hears.stepped(why);
  };
  const looking = setInterval(() => void look(), LOOK_EVERY_MS);
  const close = () => {
    if (over) return;
    over = true;
    clearInterval(looking);
    clearTimeout(patience);
    sender.close();
  };

  return {
    async answer() {
      const [hosts, answer] = await Promise.all([
        Promise.all(reach.hosts.map(addressOf)),
        sender.answer(bounded(offer, reach, MOST_KBPS)),
      ]);
      return reachable(answer, { ...reach, hosts });
    },
    trickle(fragment) {
      if (over) return;
      for (const candidate of candidatesOf(fragment, reach)) sender.candidate(candidate);
    },
    show(sized, atMs) {
      const { shrink, fps } = PICTURE_STEPS[sending.step] ?? PICTURE_STEPS[0];
      const everyMs = 1000 / fps;
      // Decoders hand pictures out in bursts: one may come before its time, as long as the mean is met.
      if (over || !connected || atMs < dueMs - everyMs) return;
      dueMs = Math.max(dueMs, atMs - everyMs) + everyMs;
      sender.send(sized(shrink));
    },
    estimateKbps: () => estimate,
    close,
  };
}
