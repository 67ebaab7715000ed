import type { CellView } from '../../actors/cells.ts';
import { stopListening } from '../../actors/listening.ts';
import { systemClock } from '../../adapters/clock.ts';
import { type Id, isId } from '../../bus/identity.ts';
import { ADAPTATION } from '../../machines/policy/adaptation.ts';
import type { ViewerContext } from '../../machines/viewer/context.ts';
import { type Haste, keepDeparting, type Taken } from './departing.ts';
import { denied, Refusal, unavailable } from './errors.ts';
import type { Loads } from './loads.ts';
import { displace, isPrior, placeViewer } from './placing.ts';
import { openWhenMade, rungIsComing } from './rung-path.ts';
import { adaptiveOf, type RungAt, rungFor, rungOfSession, rungsOf } from './rungs.ts';
import type { Offer } from './sdp.ts';
import type { HttpServices, WhepOpened } from './services.ts';
import { isSound, openSound } from './sound.ts';
import { isOpen, relayOf, viewerOf } from './views.ts';

/** One peer connection of a session, as far as signalling must know it. */
export interface Leg {
  name: Id;
  session: Id;
  camera: Id;
  relay: string;
  /** At that relay: the camera's program path, or a departure path. */
  path: string;
  /** Which start of the relay it was opened at: a newer one does not know it. */
  instance: string | undefined;
  relaySession: string;
  /** It shows what the camera's ladder makes. */
  ladder: boolean;
  /** Where the relay takes changes of it. */
  resource: string;
  offer: Offer;
  /** Changes with every ICE restart. */
  etag: string;
  /** The departure path that it is on. */
  departure: Taken | undefined;
  /** Which start of the adaptive peers it was opened at, when it is one. */
  peer: string | undefined;
}

/** Where a leg is to be opened. */
export interface Goal {
  /** A relay that was chosen before; otherwise, and when it does not serve any more, placement chooses. */
  relay?: string | undefined;
  /** The rung that it shall show; otherwise the one that its session is in. */
  rung?: string | undefined;
  /** It is to carry the camera's sound, and no picture. */
  sound?: boolean;
  haste: Haste;
}

/** The peer connections that were made through this gateway. */
export interface Legs {
  /** Opens a peer connection for a session. @throws Refusal */
  open(session: CellView, name: Id, sdp: string, offer: Offer, goal: Goal): Promise<{ leg: Leg; answer: string }>;
  find(session: Id, name: Id): Leg | undefined;
  of(session: Id): Leg[];
  /** Hands a fragment on; an ICE restart comes back with one. @throws Refusal */
  trickle(leg: Leg, fragment: string): Promise<string | undefined>;
  /** @param noRoom its player had it prove that there is room for it, and there was none */
  close(leg: Leg, noRoom?: boolean): Promise<void>;
  /** Forgets a session's legs; the relay is told by whoever ended it. */
  forget(session: Id): void;
}

/** A relay token for WHEP is used at once. */
const RELAY_TOKEN_S = 60;
const LEGS_PER_SESSION = 4;
/** How long a rung that was chosen is waited for; after a loss any picture at once is better. */
const RUNG_WITHIN_MS = { chosen: 12_000, otherwise: 1_000 };

/** Why no adaptive peer was opened, though everything is well. */
const FULL = new Set(['full', 'busy']);
/** Viewers stay for minutes. */
export const FULL_RETRY_S = 10;

const reasonOf = (error: unknown): string =>
  error instanceof Error && 'reason' in error && typeof error.reason === 'string' ? error.reason : 'relay-away';

function refusalOfRelay(error: unknown, services: HttpServices, camera: Id): Refusal {
  if (error instanceof Refusal) return error;
  const detail = error instanceof Error ? error.message : String(error);
  const reason = reasonOf(error);
  if (reason === 'bad-offer') {
    const wants = 'its video must take what the camera sends, its sound, if it asks for any, PCMU (RFC 7874)';
    return new Refusal(400, 'bad-sdp', `The relay can not answer this offer: ${wants}.`, { detail });
  }
  if (reason === 'gone') return new Refusal(404, 'not-found', 'The relay no longer knows this connection.');
  const view = services.cells.view({ kind: 'camera', id: camera });
  const more = view ? { camera, state: view.state, why: view.why } : { camera };
  // Its text is for viewers, and says how many there may be.
  if (FULL.has(reason)) return unavailable(reason, detail, more, FULL_RETRY_S);
  if (reason === 'no-stream') return unavailable('no-picture', 'The camera gives no picture just now.', more);
  return unavailable(reason, 'The relay does not take this connection just now.', more);
}

/** Which start of a relay serves now; undefined while none does. */
export function instanceOf(services: HttpServices, relay: string): string | undefined {
  const view = isId(relay) ? services.cells.view({ kind: 'relay', id: relay }) : undefined;
  return view?.tags.includes('serving') ? relayOf(view).instance : undefined;
}

/** Which start of the adaptive peers serves a path; undefined for those of relays. */
export const peerAt = ({ adaptive }: HttpServices, path: string): string | undefined =>
  adaptiveOf(path) === undefined ? undefined : adaptive?.instance();

/** A leg as its session's cell knows it. */
export type KnownLeg = ViewerContext['legs'][string];

/** Where such a leg is, at the present start of its relay. */
export const heldNow = (services: HttpServices, { relay, path, ladder = false }: KnownLeg) => ({
  ...{ relay, path, ladder },
  instance: instanceOf(services, relay),
  peer: peerAt(services, path),
});

/** One leg of a session, as far as its cell knows of it. */
export function legKnown({ cells }: HttpServices, session: Id, leg: string): KnownLeg | undefined {
  const view = cells.view({ kind: 'viewer', id: session });
  return view && viewerOf(view).legs[leg];
}

/** The legs with a picture that a session has, as its cell knows them. */
export const legsKnown = (session: CellView): [Id, KnownLeg][] =>
  (Object.entries(viewerOf(session).legs) as [Id, KnownLeg][]).filter(([, { path }]) => !isSound(path));

/** A connection at a relay, as it was opened. */
interface Opened extends WhepOpened {
  path: string;
  departure: Taken | undefined;
}

/** Keeps the legs of this gateway's sessions. */
export function keepLegs(services: HttpServices, loads: Loads): Legs {
  const bySession = new Map<Id, Map<Id, Leg>>();
  const departing = keepDeparting(services);
  let restarts = 0;
  const { cells, gate, whep, log } = services;

  const hear = (session: Id, event: { type: string; [field: string]: unknown }) =>
    void cells.offer({ kind: 'viewer', id: session }, event).catch((error: unknown) => {
      log.warn({ err: error, session, event: event.type }, 'a session did not hear of its leg');
    });
  /** Asks a relay for one path. */
  async function openPath(session: Id, relay: string, path: string, sdp: string, query: string): Promise<Opened> {
    const token = gate.mintRelay(session, [{ action: 'read', path }], RELAY_TOKEN_S);
    return { ...(await whep.open(relay, path, sdp, token, query, session)), path, departure: undefined };
  }
  /** The same for the camera's sound, which is made for whoever listens. */
  const listen = (session: Id, camera: Id, relay: string, sdp: string, leg: Id): Promise<Opened> =>
    openSound(services, session, camera, (path) => openPath(session, relay, path, sdp, `leg=${leg}`));
  /** A session listens no more, unless another of its legs does. */
  const silence = (session: Id, camera: Id): void => {
    if ([...(bySession.get(session)?.values() ?? [])].some(({ path }) => isSound(path))) return;
    stopListening(cells, camera, session).catch((error: unknown) => {
      log.warn({ err: error, session, camera }, 'a camera’s sound did not hear that a session listens no more');
    });
  };
  /** The same on the path of a rung; where nobody insists on it, on the camera's own path after a while. */
  async function askForRung(
    rung: RungAt,
    session: Id,
    camera: Id,
    relay: string,
    sdp: string,
    query: string,
    chosen: boolean,
  ): Promise<Opened & { rung: RungAt }> {
    const open = async () => ({ ...(await openPath(session, relay, rung.path, sdp, query)), rung });
    const withinMs = chosen ? RUNG_WITHIN_MS.chosen : RUNG_WITHIN_MS.otherwise;
    return openWhenMade(withinMs, open, rungIsComing(services, camera));
  }
  /** Asks the relay for a connection on a departure path; undefined where none is to be had. */
  async function depart(
    session: Id,
    relay: string,
    departure: Taken | undefined,
    sdp: string,
    query: string,
  ): Promise<Opened | undefined> {
    if (!departure) return undefined;
    const { path } = departure;
    try {
      const opened = await openPath(session, relay, path, sdp, query);
      void departure.sendOff(opened.relaySession);
      return { ...opened, departure };
    } catch (error) {
      departure.close();
      log.info({ err: error, relay, path }, 'a departure path could not be joined');
      return undefined;
    }
  }
  /** Asks the relay for a connection: on a departure path where there is one, otherwise on the camera's own. */
  async function ask(session: Id, camera: Id, relay: string, sdp: string, query: string, haste: Haste) {
    const departed = await depart(session, relay, departing.take(camera, relay, haste), sdp, query);
    return departed ?? openPath(session, relay, camera, sdp, query);
  }
  /** Opens what a session shall show, or shows. */
  async function openAt(
    session: CellView,
    camera: Id,
    relay: string,
    sdp: string,
    leg: Id,
    wanted: string | undefined,
    haste: Haste,
  ): Promise<Opened & { rung?: RungAt }> {
    const view = cells.view({ kind: 'camera', id: camera });
    const query = `leg=${leg}`;
    if (!view) return ask(session.id, camera, relay, sdp, query, haste);
    const { h265 = false, fixed } = viewerOf(session);
    const rung = wanted === undefined ? rungOfSession(services, view, session) : rungFor(services, view, wanted, h265);
    const rungs = rungsOf(services, view, h265);
    const own = rungs.find(({ path }) => path === camera);
    const ofCamera = async () => {
      const opened = await ask(session.id, camera, relay, sdp, query, haste);
      return { ...opened, rung: own ?? rung };
    };
    if (!rung.ladder && !rung.adaptive) return ofCamera();
    // Who can't be shown the camera's own picture waits for what is made of it.
    const chosen = wanted !== undefined || fixed || !own;
    if (rung.ladder && wanted !== undefined && haste !== 'no') {
      // It must go down: with the stored pictures, no faster than a line takes that this rung suits.
      const bps = Math.round(rung.bitrate_bps / ADAPTATION.fillShare);
      const departure = departing.take(camera, relay, haste, { name: rung.name, bps });
      const departed = await depart(session.id, relay, departure, sdp, query);
      if (departed) return { ...departed, rung };
    }
    const openRung = (one: RungAt) => askForRung(one, session.id, camera, relay, sdp, query, chosen);
    if (chosen) return openRung(rung);
    // The lowest of the ladder is nearest to what an adaptive peer gave.
    const next = rung.adaptive ? rungs.findLast(({ ladder }) => ladder) : undefined;
    return openRung(rung)
      .catch((error: unknown) => {
        if (!next) throw error;
        return openRung(next);
      })
      .catch(ofCamera);
  }
  /** The relay lets go of a connection that nobody needs any more. */
  const letGo = ({ resource, departure }: Pick<Opened, 'resource' | 'departure'>): Promise<void> => {
    departure?.close();
    return whep.close(resource);
  };

  return {
    async open(session, name, sdp, offer, { relay: wanted, rung: wantedRung, sound = false, haste }) {
      const { relay: seat, address, subject } = viewerOf(session);
      const camera = viewerOf(session).camera as Id;
      const had = bySession.get(session.id);
      if (!had?.has(name) && (had?.size ?? 0) >= LEGS_PER_SESSION) {
        throw new Refusal(
          409,
          'too-many-legs',
          `A session has at most ${LEGS_PER_SESSION} connections: close one first.`,
        );
      }
      const chosen = wanted !== undefined && instanceOf(services, wanted) !== undefined;
      const priority = subject !== undefined && isPrior(subject);
      const others = loads.without(session.id);
      const placed = chosen ? { relay: wanted } : placeViewer(services, others, address, seat, { priority });
      const { relay } = placed;
      if ('displaced' in placed && placed.displaced) displace(services, placed.displaced, session.id);
      // What is heard goes where there is room, and takes none.
      if (!chosen && !sound) loads.seat(session.id, relay);
      const instance = instanceOf(services, relay);
      const startMs = systemClock.now();
      const asked: Promise<Opened & { rung?: RungAt }> = sound
        ? listen(session.id, camera, relay, sdp, name)
        : openAt(session, camera, relay, sdp, name, wantedRung, haste);
      const opened = await asked.catch((error: unknown) => {
        // Nobody's picture depends on what they hear.
        if (!sound) hear(session.id, { type: 'leg.refused', leg: name, relay, detail: reasonOf(error) });
        else silence(session.id, camera);
        throw refusalOfRelay(error, services, camera);
      });
      const now = cells.view({ kind: 'viewer', id: session.id });
      if (!now || !isOpen(now)) {
        letGo(opened).catch(() => {}); // the seat cuts it as well
        throw denied('ended');
      }
      const { answer, relaySession, resource, path, departure } = opened;
      const place = { relay, path, instance, relaySession, resource, departure, peer: peerAt(services, path) };
      const ladder = opened.rung?.ladder ?? false;
      const leg: Leg = { name, session: session.id, camera, ...place, ladder, offer, etag: `"${name}"` };
      const legs = bySession.get(session.id) ?? new Map<Id, Leg>();
      // The same name again is the player trying anew: the first attempt must not stay behind.
      const before = legs.get(name);
      if (before) letGo(before).catch(() => {});
      bySession.set(session.id, legs.set(name, leg));
      services.joins?.took(session.id, 'whep', startMs, { 'signalbox.leg': name, 'signalbox.path': path });
      const shows = opened.rung ? { quality: opened.rung.name, ladder: opened.rung.ladder } : {};
      hear(session.id, { type: 'leg.opened', leg: name, relay, path, relay_session: relaySession, ...shows });
      return { leg, answer };
    },
    find: (session, name) => bySession.get(session)?.get(name),
    of: (session) => [...(bySession.get(session)?.values() ?? [])],
    async trickle(leg, fragment) {
      const answered = await whep.trickle(leg.resource, fragment).catch((error: unknown) => {
        throw refusalOfRelay(error, services, leg.camera);
      });
      if (answered?.fragment === undefined) return undefined;
      leg.etag = `"${leg.name}-${++restarts}"`;
      return answered.fragment;
    },
    async close(leg, noRoom = false) {
      const legs = bySession.get(leg.session);
      legs?.delete(leg.name);
      if (legs?.size === 0) bySession.delete(leg.session);
      hear(leg.session, { type: 'leg.closed', leg: leg.name, ...(noRoom ? { no_room: true } : {}) });
      if (isSound(leg.path)) silence(leg.session, leg.camera);
      await letGo(leg).catch((error: unknown) => {
        log.info({ err: error, session: leg.session, leg: leg.name }, 'the relay did not hear that a leg was closed');
      });
    },
    forget(session) {
      for (const { departure } of bySession.get(session)?.values() ?? []) departure?.close();
      bySession.delete(session);
    },
  };
}
