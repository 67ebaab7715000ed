import { type Admission, refusalOf } from './admission.ts';
import { createAttempts } from './attempts.ts';
import { keepResources } from './resources.ts';

/**
 * How what is heard stands. `with-picture`: it comes with the picture. `own`: by a connection of its own, because the
 * picture has none: its camera sends AAC, or it is a lower rung.
 */
export type SoundState =
  | { name: 'off' }
  | { name: 'with-picture' }
  | { name: 'coming' }
  | { name: 'own' }
  | { name: 'none'; text: string; retrying: boolean };

/** What the player asks of its sound. */
export interface SoundWish {
  /** Somebody wants to hear live. */
  wanted: boolean;
  /** It comes with the picture already; undefined while that can't be told. */
  withPicture: boolean | undefined;
  /** Of the session whose picture is shown; undefined: there is none. */
  admission: Admission | undefined;
}

/** What is heard beside a picture that has no sound of its own. */
export interface Sound {
  /** Looks at what is wished now, which it does a few times a second anyway. */
  look(): void;
  close(): void;
}

const AGAIN = { firstMs: 500, longestMs: 10_000 };
/** Packets come fifty times a second: one that brings none for so long is opened anew. */
const SILENT_MS = 2_000;
/** A cold one takes a second. */
const FIRST_MS = 12_000;
const LOOK_EVERY_MS = 150;

/** One connection with sound alone. */
interface Hearing {
  connection: RTCPeerConnection;
  name: string;
  session: string;
  packets: number;
  movedMs: number;
}

async function packetsOf(connection: RTCPeerConnection): Promise<number> {
  let packets = 0;
  for (const report of (await connection.getStats()).values()) {
    if (report.type === 'inbound-rtp') packets += report.packetsReceived ?? 0;
  }
  return packets;
}

/**
 * Hears a camera by a WHEP connection of its own, for as long as that is wanted: the picture is not touched, and never
 * waits. Comes back by itself, except from a camera that sends none; then it asks again when somebody turns it on again.
 * @param wish what is wished now
 * @param hears told of each new state
 */
export function createSound(wish: () => SoundWish, hears: (state: SoundState) => void): Sound {
  const player = new Audio();
  player.autoplay = true;
  let state: SoundState = { name: 'off' };
  let hearing: Hearing | undefined;
  let opened = 0;
  let may = true;
  const attempts = createAttempts(AGAIN, () => {
    may = true;
  });

  const become = (next: SoundState): void => {
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    hears(next);
  };
  const shut = (): void => {
    const last = hearing;
    hearing = undefined;
    if (!last) return;
    resources.close(last.name);
    last.connection.close();
    player.srcObject = null;
  };
  const again = (text: string): void => {
    shut();
    may = false;
    attempts.plan();
    become({ name: 'none', text, retrying: true });
  };
  const refused = async (response: Response | undefined): Promise<void> => {
    if (!response) return again('The gateway does not answer.');
    const { reason, text } = await refusalOf(response);
    if (reason !== 'no-sound') return again(text);
    shut();
    may = false;
    become({ name: 'none', text, retrying: false });
  };
  const resources = keepResources({
    answer(name, sdp) {
      if (hearing?.name !== name) return;
      hearing.movedMs = performance.now();
      hearing.connection
        .setRemoteDescription({ type: 'answer', sdp })
        .catch(() => again('The answer of the gateway can’t be used.'));
    },
    failed: (name, response) => {
      if (hearing?.name === name) void refused(response);
    },
  });

  const open = (admission: Admission): void => {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: admission.iceServers });
    const name = `sound-${++opened}`;
    const mine: Hearing = {
      ...{ connection, name, session: admission.sessionId },
      ...{ packets: 0, movedMs: performance.now() + FIRST_MS - SILENT_MS },
    };
    hearing = mine;
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.ontrack = ({ track }) => {
      if (hearing !== mine) return;
      player.srcObject = new MediaStream([track]);
      player.play().catch(() => {});
    };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate && hearing === mine) resources.candidate(name, candidate);
    };
    const offer = async (): Promise<void> => {
      await connection.setLocalDescription(await connection.createOffer());
      if (hearing !== mine) return;
      const url = new URL(admission.whepUrl, location.href);
      url.searchParams.set('sound', 'only');
      const token = admission.streamToken;
      resources.offer(name, connection.localDescription?.sdp ?? '', { url: url.href, token });
    };
    offer().catch((error: unknown) => again(`This browser can't make an offer: ${error}`));
    if (state.name !== 'none') become({ name: 'coming' });
  };

  /** Nobody tells of a relay, or of an encoder, that is gone: what comes does. */
  const follow = async (mine: Hearing): Promise<void> => {
    const packets = await packetsOf(mine.connection);
    if (hearing !== mine) return;
    if (packets > mine.packets) {
      mine.movedMs = performance.now();
      attempts.reset();
      become({ name: 'own' });
    }
    mine.packets = packets;
    if (performance.now() - mine.movedMs > SILENT_MS) again('The sound stopped.');
  };

  const look = (): void => {
    const { wanted, withPicture, admission } = wish();
    if (!wanted || withPicture) {
      shut();
      attempts.reset();
      attempts.cancel();
      may = true;
      become({ name: wanted ? 'with-picture' : 'off' });
      return;
    }
    if (hearing && hearing.session !== admission?.sessionId) shut();
    if (hearing) return void follow(hearing);
    if (withPicture === undefined) {
      if (state.name === 'off') become({ name: 'coming' });
      return;
    }
    if (may && admission) open(admission);
  };
  const looking = window.setInterval(look, LOOK_EVERY_MS);

  return {
    look,
    close() {
      window.clearInterval(looking);
      shut();
      attempts.cancel();
      resources.closeAll();
    },
  };
}
