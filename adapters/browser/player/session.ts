import { type Admission, type Door, keepRenewed, type Refusal, requestSession, type Taking } from './admission.ts';
import { createDirect } from './direct.ts';
import type { Legs, LegsHear } from './legs.ts';
import type { PlayerOptions } from './options.ts';
import type { Signaller, SignallerHears } from './signaller.ts';
import { openSignalling } from './signalling.ts';
import { openWhep } from './whep.ts';

/** What a session tells the player, besides all that is heard over it. */
export interface SessionHears extends Omit<SignallerHears, 'answer' | 'candidate' | 'refused'> {
  /** The gateway lets it in: legs may be offered. */
  admitted(): void;
  denied(refusal: Refusal): void;
}

/**
 * A viewer's session at the gateway: asked for, kept renewed, and what its legs agree on over it; or with a relay
 * itself, while no gateway answers.
 */
export interface Session {
  /** Asks for one; an answer to an older request is dropped. */
  ask(): Promise<void>;
  /** What is signalled over it; undefined while there is none. */
  signals(): Signaller | undefined;
  /** What the last one was granted with. */
  granted(): Admission | undefined;
  /** Brings what a leg says to whoever opens it. */
  readonly brings: Pick<LegsHear, 'offer' | 'candidate' | 'closed'>;
  /** The gateway has ended it. */
  ended(): void;
  /** Leaves it; the gateway is told. */
  leave(): void;
}

/**
 * @param taking over WebRTC
 * @param legs whose legs they are
 */
export function createSession(
  door: Door,
  { camera, via }: Pick<PlayerOptions, 'camera' | 'via'>,
  taking: Taking,
  legs: () => Legs,
  hears: SessionHears,
): Session {
  let admission: Admission | undefined;
  let signaller: Signaller | undefined;
  let stopRenewal = (): void => {};
  let requests = 0;
  const direct = createDirect({
    answer(leg, sdp, relay, relaySession) {
      signaller?.opened(leg, relay, relaySession);
      legs().answer(leg, sdp);
    },
    refused: (leg, text) => legs().refused(leg, text),
  });
  const ended = (): void => {
    signaller = undefined;
    stopRenewal();
  };
  const heard: SignallerHears = {
    ...hears,
    answer(leg, sdp, relay) {
      direct.answered(leg);
      legs().answer(leg, sdp, relay);
    },
    candidate: (leg, candidate) => legs().find(leg)?.candidate(candidate),
    refused: (leg, text) => legs().refused(leg, text),
  };
  return {
    async ask() {
      const request = ++requests;
      const answer = await requestSession(door, camera, taking);
      if (request !== requests) return;
      if ('refusal' in answer) return hears.denied(answer.refusal);
      admission = answer.admission;
      stopRenewal();
      stopRenewal = keepRenewed(door, admission);
      const open = via === 'whep' ? openWhep : openSignalling;
      signaller = open(admission, taking.quality ? { quality: taking.quality } : {}, heard);
      hears.admitted();
    },
    signals: () => signaller,
    granted: () => admission,
    brings: {
      offer(leg, sdp, goal) {
        direct.offer(leg, sdp, goal, signaller?.reaches() ?? false);
        signaller?.offer(leg, sdp, goal);
      },
      candidate(leg, candidate) {
        direct.candidate(leg, candidate);
        signaller?.candidate(leg, candidate);
      },
      closed(leg, noRoom) {
        direct.closeLeg(leg);
        signaller?.closeLeg(leg, noRoom);
      },
    },
    ended,
    leave() {
      requests++;
      direct.close();
      signaller?.close();
      ended();
    },
  };
}
