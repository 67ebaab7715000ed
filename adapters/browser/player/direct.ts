import type { Goal } from './legs.ts';
import { keepResources } from './resources.ts';

/** A gateway that takes an offer and has not answered it after this long is taken for lost. */
const ANSWER_MS = 1_000;

/** What the player hears of its dealings with a relay. */
export interface DirectHears {
  /** @param relaySession the relay's own name of the connection */
  answer(leg: string, sdp: string, relay: string, relaySession: string): void;
  refused(leg: string, text: string): void;
}

/** Legs that the player opens at its standby relay itself, by WHEP, while no gateway answers. */
export interface Direct {
  /**
   * Offers a leg, as far as its goal tells how.
   * @param asked the gateway was asked too, and is given a while to answer
   */
  offer(leg: string, sdp: string, goal: Goal | undefined, asked: boolean): void;
  candidate(leg: string, candidate: RTCIceCandidate): void;
  /** The gateway has answered after all. */
  answered(leg: string): void;
  closeLeg(leg: string): void;
  close(): void;
}

/** Lets one player open legs without the gateway. */
export function createDirect(hears: DirectHears): Direct {
  const waiting = new Map<string, { timer: number; candidates: RTCIceCandidate[] }>();
  const relays = new Map<string, string>();
  const resources = keepResources({
    answer: (leg, sdp, { headers }) => hears.answer(leg, sdp, relays.get(leg) ?? '', headers.get('id') ?? ''),
    failed(leg, response) {
      const what = response ? `refuses the connection: ${response.status}` : 'does not answer';
      hears.refused(leg, `Neither the gateway nor ${relays.get(leg)} helps: the relay ${what}.`);
    },
  });
  const answered = (leg: string): void => {
    window.clearTimeout(waiting.get(leg)?.timer);
    waiting.delete(leg);
  };

  return {
    offer(leg, sdp, goal, asked) {
      answered(leg);
      const at = goal?.direct;
      if (!goal || !at) return;
      const candidates: RTCIceCandidate[] = [];
      const post = (): void => {
        waiting.delete(leg);
        relays.set(leg, goal.relay);
        resources.offer(leg, sdp, at);
        for (const candidate of candidates) resources.candidate(leg, candidate);
      };
      if (asked) waiting.set(leg, { timer: window.setTimeout(post, ANSWER_MS), candidates });
      else post();
    },
    candidate(leg, candidate) {
      waiting.get(leg)?.candidates.push(candidate);
      resources.candidate(leg, candidate);
    },
    answered,
    closeLeg(leg) {
      answered(leg);
      resources.close(leg);
    },
    close() {
      for (const leg of [...waiting.keys()]) answered(leg);
      resources.closeAll();
    },
  };
}
