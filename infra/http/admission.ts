import type { CellView } from '../../actors/cells.ts';
import { urgentCameras } from '../../actors/emergency/running.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import type { ViewerProtocol } from '../../bus/events/viewer.ts';
import type { Why } from '../../bus/events/why.ts';
import { type Id, isId, newId } from '../../bus/identity.ts';
import { admission } from '../../machines/policy/admission.ts';
import { isAddressed } from '../../machines/viewer/context.ts';
import { type Denials, requestOf, whyOf } from './denials.ts';
import { permittedCamera } from './door.ts';
import { denied, Refusal, unavailable } from './errors.ts';
import type { Hub } from './hub.ts';
import { FULL_RETRY_S } from './legs.ts';
import type { Loads } from './loads.ts';
import { displace, isPrior, LOW_LATENCY, type Placed, placeViewer } from './placing.ts';
import { ADAPTIVE, rungFor } from './rungs.ts';
import type { HttpServices, JoinSteps } from './services.ts';
import { isOpen, viewerOf } from './views.ts';

/** A session that was granted. */
export interface Admission {
  session: Id;
  view: CellView;
  streamToken: string;
  expiresInS: number;
  /** Why it was placed on its relay. */
  placement: Why;
}

/** How somebody wants to watch. */
export interface Wish {
  protocol: ViewerProtocol;
  quality?: string;
  /** Of HLS: parts of a segment are given out, too, by a relay. */
  latency?: 'low';
  /** Over WebRTC: the player takes that. */
  h265?: boolean;
  address: string;
}

/** The protocols in which the rungs of a ladder are watched at a relay. */
const AT_RELAY: ReadonlySet<Wish['protocol']> = new Set(['webrtc', 'whep', 'rtsp', 'srt']);
/** Those in which one may be encoded for somebody alone. */
const ADAPTS: ReadonlySet<Wish['protocol']> = new Set(['webrtc', 'whep']);

/** Whose sessions are counted together: a person's of the present, and the same person's of the past. */
interface Holder {
  sub: string;
  protocol: string;
}

/** Counts the sessions of each subject without looking at every cell at every request. */
export interface Holdings {
  held(holder: Holder): number;
  add(holder: Holder, session: Id): void;
  drop(holder: Holder, session: Id): void;
}

const PAST: Wish['protocol'] = 'past';
const keyOf = ({ sub, protocol }: Holder): string => `${protocol === PAST ? 'past' : 'live'} ${sub}`;
const holderOf = (view: CellView): Holder => {
  const { subject, protocol } = viewerOf(view);
  return { sub: subject?.sub ?? '', protocol };
};

/** What admission keeps count of: the sessions of each subject and of each relay, and who was not let in. */
export interface Counts {
  holdings: Holdings;
  loads: Loads;
  denials: Denials;
}

/** Starts from the sessions that live already, and follows what is told of those that other gateways admit. */
export function countHoldings(cells: HttpServices['cells'], hub: Hub): Holdings {
  const byHolder = new Map<string, Set<Id>>();
  const isHeld = (session: Id): boolean => {
    const view = cells.view({ kind: 'viewer', id: session });
    return view !== undefined && isOpen(view);
  };
  const add = (holder: Holder, session: Id): void => {
    const sessions = byHolder.get(keyOf(holder));
    if (sessions) sessions.add(session);
    else byHolder.set(keyOf(holder), new Set([session]));
  };
  for (const view of cells.list('viewer')) {
    if (isOpen(view)) add(holderOf(view), view.id);
  }
  hub.listen(({ envelope }) => {
    const [kind, session] = envelope.subject.split('/');
    if (kind !== 'viewer' || !isId(session) || envelope.type !== 'signalbox.viewer.admitted') return;
    const view = cells.view({ kind: 'viewer', id: session });
    if (view && isOpen(view)) add(holderOf(view), session);
  });
  return {
    held(holder) {
      const sessions = byHolder.get(keyOf(holder));
      if (!sessions) return 0;
      for (const session of sessions) if (!isHeld(session)) sessions.delete(session);
      if (sessions.size === 0) byHolder.delete(keyOf(holder));
      return sessions.size;
    },
    add,
    drop(holder, session) {
      const sessions = byHolder.get(keyOf(holder));
      sessions?.delete(session);
      if (sessions?.size === 0) byHolder.delete(keyOf(holder));
    },
  };
}

/** A session that its cell has granted, and that may be promised once it is written down. */
export interface Begun {
  view: CellView;
  /** Rejects when the journal refuses: then nothing may be promised. */
  written: Promise<unknown>;
  /** Why it was placed on its relay. */
  placement: Why;
}

/** The quality that a session begins with. */
function rungWished(services: HttpServices, camera: CellView, { protocol, quality, latency, h265 = false }: Wish) {
  if (latency === 'low') {
    const { name, ladder } = rungFor(services, camera, quality === ADAPTIVE ? undefined : quality, true);
    return { quality: name, ladder };
  }
  // Over HLS the player chooses, unless somebody chose for it.
  if (protocol === 'hls') return { quality: quality ?? 'auto' };
  if (!AT_RELAY.has(protocol)) return { quality: rungFor(services, camera, undefined, true).name };
  // What its client takes is not known of a reader of RTSP or SRT: most take both.
  const { name, ladder } = rungFor(services, camera, quality, isAddressed(protocol) || h265);
  return { quality: name, fixed: name === quality, ladder, ...(h265 ? { h265 } : {}) };
}

/** Who asks for an adaptive peer gets no session while there is none to be had. @throws Refusal 503 */
function refuseWhereFull({ adaptive }: HttpServices, { protocol, quality }: Wish): void {
  if (quality !== ADAPTIVE || !ADAPTS.has(protocol) || !adaptive?.isOffered()) return;
  const { room, why } = adaptive.room();
  if (!room && why.reason !== 'peer-away') throw unavailable(why.reason ?? 'full', why.text, { why }, FULL_RETRY_S);
}

/** What was recorded is read from the disk: whoever looks at it has no seat at a relay, and takes nobody's. */
const NOWHERE: Placed = { relay: '', why: { trigger: 'placement', text: 'what was recorded needs no relay' } };

/** Where it is carried. @throws Refusal 503 when no relay can, or each is full */
function placeOf(services: HttpServices, loads: Loads, claims: LoginClaims, camera: CellView, wish: Wish): Placed {
  if (wish.protocol === PAST) return NOWHERE;
  return placeViewer(services, loads, wish.address, undefined, {
    needs: [wish.latency === 'low' ? LOW_LATENCY : isAddressed(wish.protocol) ? wish.protocol : 'webrtc'],
    priority: isPrior(claims),
    yields: !urgentCameras(services.cells).has(camera.id),
  });
}

/**
 * Makes a viewer cell for somebody who may watch the camera, and tells what it decided without waiting for the journal:
 * what is needed to serve it may begin meanwhile. @throws Refusal
 */
export async function begin(
  services: HttpServices,
  counts: Counts,
  claims: LoginClaims,
  camera: CellView,
  wish: Wish,
): Promise<Begun> {
  const { cells, config, metrics, joins } = services;
  const { holdings, loads, denials } = counts;
  const startMs = systemClock.now();
  const { protocol, address } = wish;
  const holder = { sub: claims.sub, protocol };
  const request = requestOf({ claims, camera, protocol, address }, config, holdings.held(holder));
  const find = () => {
    refuseWhereFull(services, wish);
    return placeOf(services, loads, claims, camera, wish);
  };
  const placed = placedOr(find, (why) => denials.note(request, why));
  const { relay, standby = '', displaced, why: placement } = placed;
  const asked = { ...request, ...rungWished(services, camera, wish), relay, standby };
  const { allowed, why } = admission(asked);
  if (!allowed) {
    denials.note(asked, why);
    throw why.reason === 'quota' ? new Refusal(429, 'quota', why.text, { why }, 5) : denied(why.reason);
  }
  const session = newId('ses');
  const at = { kind: 'viewer' as const, id: session };
  holdings.add(holder, session);
  const written = cells.create(at, asked);
  written.catch(() => {}); // whoever promises something awaits it
  // A look at the past is no join: nothing is connected.
  if (wish.protocol !== 'past') {
    joins?.begin(session, startMs, { 'signalbox.camera': camera.id, 'signalbox.protocol': wish.protocol });
    if (joins) traceAdmission(joins, session, startMs, relay, written);
  }
  const view = cells.view(at) ?? (await written).view;
  loads.seat(session, relay);
  loads.standBy(session, standby);
  if (displaced) displace(services, displaced, session);
  metrics.admissions.inc({ result: 'admitted' });
  return { view, written, placement };
}

/** Where it is carried; whoever can't be is told of. @throws Refusal */
function placedOr(find: () => Placed, tell: (why: Why) => void): Placed {
  try {
    return find();
  } catch (error) {
    if (error instanceof Refusal) tell(whyOf(error));
    throw error;
  }
}

/** Admission is done when it is written down. */
function traceAdmission(
  joins: JoinSteps,
  session: Id,
  startMs: number,
  relay: string,
  written: Promise<unknown>,
): void {
  written.then(
    () => joins.took(session, 'admission', startMs, { 'signalbox.relay': relay }),
    (error: Error) => joins.failed(session, error.message),
  );
}

/** Admits somebody to a camera that they may watch, and answers once that is written down. @throws Refusal */
export async function admit(
  services: HttpServices,
  counts: Counts,
  claims: LoginClaims,
  camera: CellView,
  wish: Wish,
): Promise<Admission> {
  const { view, written, placement } = await begin(services, counts, claims, camera, wish);
  const ttlS = Math.floor(services.config.auth.streamTokenTtlMs / 1000);
  // Signing takes about as long as the journal does.
  const startMs = systemClock.now();
  const streamToken = services.gate.mintStream({ sub: claims.sub, session: view.id, camera: camera.id }, ttlS);
  services.joins?.took(view.id, 'ticket', startMs);
  await written;
  return { session: view.id, view, streamToken, expiresInS: ttlS, placement };
}

/** Prolongs a session for its owner. @throws Refusal */
export async function renew(
  services: HttpServices,
  claims: LoginClaims,
  session: CellView,
): Promise<{ session_id: Id; stream_token: string; expires_in: number; expires_at: number }> {
  const { camera, subject } = viewerOf(session);
  if (subject?.sub !== claims.sub) throw denied('not-yours');
  if (!isOpen(session))
    throw new Refusal(410, 'ended', 'The session is over; ask for a new one.', { why: session.why });
  permittedCamera(services, claims, camera, 'watch'); // rights may have changed since the session began
  const ttlMs = services.config.auth.streamTokenTtlMs;
  const expiresAt = systemClock.now() + ttlMs;
  const { view } = await services.cells.offer(
    { kind: 'viewer', id: session.id },
    { type: 'viewer.renewed', expires_at: expiresAt },
  );
  if (!isOpen(view)) throw new Refusal(410, 'ended', 'The session is over; ask for a new one.', { why: view.why });
  const pass = { sub: claims.sub, session: session.id, camera: camera as Id };
  return {
    session_id: session.id,
    stream_token: services.gate.mintStream(pass, ttlMs / 1000),
    expires_in: Math.floor(ttlMs / 1000),
    expires_at: expiresAt,
  };
}
