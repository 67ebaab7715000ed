import type http from 'node:http';
import type { Logger } from 'pino';
import type { Cells, CellView } from '../../actors/cells.ts';
import type { Departures } from '../../adapters/departures.switcher.ts';
import type { Devices } from '../../adapters/devices.onvif.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { LowLatencyHls } from '../../adapters/hls.mediamtx.ts';
import type { PathSigner } from '../../adapters/hls-paths.hmac.ts';
import type { IdentityProvider } from '../../adapters/identity.openid-client.ts';
import type { Layouts } from '../../adapters/layouts.files.ts';
import type { Endpoint } from '../../adapters/mediamtx/exchange.ts';
import type { Passwords } from '../../adapters/passwords.scrypt.ts';
import type { People } from '../../adapters/people.files.ts';
import type { FindPlace } from '../../adapters/places.maxmind.ts';
import type { Found } from '../../adapters/probe.rtsp.ts';
import type { Recordings } from '../../adapters/recordings.files.ts';
import type { Revocations } from '../../adapters/revocations.files.ts';
import type { Login } from '../../adapters/secrets.files.ts';
import type { ServiceTokens } from '../../adapters/service-tokens.files.ts';
import type { Thumbnails } from '../../adapters/thumbnails.ffmpeg.ts';
import type { Why } from '../../bus/events/why.ts';
import type { Id } from '../../bus/identity.ts';
import type { ActNote } from '../../bus/ledger.ts';
import type { Facts } from '../../bus/ports/facts.ts';
import type { Journal } from '../../bus/ports/journal.ts';
import type { Ledger } from '../../bus/ports/ledger.ts';
import type { Sessions } from '../../bus/ports/sessions.ts';
import type { IntakeChoice } from '../../machines/policy/intake.ts';
import type { Config } from '../config/model.ts';
import type { AudienceElsewhere } from './audience-elsewhere.ts';
import type { EmbedCodes } from './embed-codes.ts';
import type { LegsElsewhere } from './legs-elsewhere.ts';
import type { LoginLinks } from './links.ts';
import type { Metrics } from './metrics.ts';

/**
 * WHEP at a delivery relay. Refusals are thrown as errors with a `reason`: `no-stream` (nothing is published there),
 * `bad-offer`, `unauthorized`, `gone` (the resource is no longer there), `relay-away` or anything else.
 */
export interface Whep {
  /**
   * Opens a session.
   * @param path the camera's program path
   * @param relayToken names the path and our session; lives a minute
   * @param query kept by the relay in its session list
   * @param session whose connection it is
   */
  open(relay: string, path: string, sdp: string, relayToken: string, query: string, session: Id): Promise<WhepOpened>;
  /** Hands on candidates, or an ICE restart: then the relay answers with a fragment of its own. */
  trickle(resource: string, fragment: string, ifMatch?: string): Promise<WhepTrickled>;
  close(resource: string): Promise<void>;
  /** Whether media can flow in a session by now. */
  isConnected(relay: string, relaySession: string): Promise<boolean>;
  /** Whether a session at a relay was opened with a token of this session of ours. */
  isOf(relay: string, relaySession: string, session: Id): Promise<boolean>;
  /** How many bytes a session's other side has sent so far, 0 once it is over; undefined where nobody counts them. */
  heardBytes(relay: string, relaySession: string): Promise<number | undefined>;
  /** Ends a session at a relay, through whichever gateway it was opened. */
  cut(relay: string, relaySession: string): Promise<void>;
}
export interface WhepOpened {
  answer: string;
  /** The relay's own id of the session. */
  relaySession: string;
  /** Where it is changed and ended; a secret of the gateway. */
  resource: string;
}
export type WhepTrickled = { fragment?: string } | undefined;

/** WHIP at an intake; what it refuses is told as WHEP's refusals are. */
export interface Whip {
  /** Opens a session that publishes; `publication` is its secret name at the intake, by which it is found again. */
  open(at: PublishPlace, sdp: string, relayToken: string): Promise<{ answer: string; publication: string }>;
  /** Hands on candidates, or an ICE restart: then the intake answers with a fragment of its own. */
  trickle(at: PublishPlace, publication: string, fragment: string, ifMatch?: string): Promise<WhepTrickled>;
  close(at: PublishPlace, publication: string): Promise<void>;
  /** Whether somebody publishes there already. */
  isTaken(at: PublishPlace): Promise<boolean>;
}

/** The adaptive peers: VP8 for browsers without H.264 and for networks too thin for any rung. */
export interface Adaptive {
  /** Whether this installation has any. */
  isOffered(): boolean;
  /** Which start of their process serves; undefined while none does. */
  instance(): string | undefined;
  /** Whether one more may begin, and why not. */
  room(): { room: boolean; why: Why };
  /** How full their process is; undefined while it is not there. */
  load(): { peers: number; cores: number } | undefined;
  /** What the network of a viewer carries, by the name of its peer; undefined before it is known. */
  estimateKbps(relaySession: string): number | undefined;
}

/** Where an intake takes the publisher of a source. */
export interface PublishPlace {
  relay: string;
  path: string;
  rtsp: Endpoint;
  rtmp: Endpoint;
  /** Absent: there is none whose tokens would not go in the clear to another machine. */
  srt?: Endpoint;
}

/** The latest picture of a camera. */
export interface Poster {
  jpeg: Uint8Array;
  /** Epoch ms. */
  at: number;
}

/** Changes to the cameras that people add over the API; the YAML's own can't be changed there. */
export interface Overlay {
  /** @throws Error with `reason` and, where a text was wrong, `at` (JSON pointer) */
  add(camera: Id, settings: unknown, by: string): Promise<void>;
  patch(camera: Id, change: unknown, by: string): Promise<void>;
  remove(camera: Id, by: string): Promise<void>;
  /** Whether it came over the API (`overlay`) or from the file. */
  origin(camera: Id): 'file' | 'overlay' | undefined;
}

/** What each part of a join took, told by whoever does it. Times are epoch ms. */
export interface JoinSteps {
  /** Somebody wants to watch, since a moment. */
  begin(session: Id, startMs: number, attributes: Record<string, string>): void;
  /** A part of it is done now. */
  took(session: Id, part: 'admission' | 'ticket' | 'whep', startMs: number, attributes?: Record<string, string>): void;
  /** Nothing comes of it. */
  failed(session: Id, why: string): void;
}

/** Why the gateway is not, or not wholly, well. */
export interface HealthReason {
  part: string;
  state: 'degraded' | 'down';
  text: string;
}

/** What the HTTP floor needs of the others; wired in the composition root, and by tests. */
export interface HttpServices {
  /** Name of this gateway. */
  node: string;
  /** Names of the living gateways, this one included. */
  members(): readonly string[];
  /** Whether an encoder of a push can work beside a relay: it is ours. */
  encodesAt(relay: string): boolean;
  /** Why a relay takes nobody new who is not in an emergency: it sends as much as it may. */
  shortOn(relay: string): Why | undefined;
  /** Read at every request, so that a reloaded configuration needs no restart. */
  config: Pick<Config, 'http' | 'ice' | 'auth' | 'limits' | 'regions' | 'destinations' | 'discovery'>;
  cells: Cells;
  facts: Facts;
  /** What cells heard; read here, never written. */
  journal: Pick<Journal, 'lasts' | 'read' | 'seqAt'>;
  /** Who watched what. Of what is done here, it is told who makes and takes back tokens. */
  ledger: Pick<Ledger, 'read'> & { note(act: ActNote): Promise<unknown> };
  sessions: Sessions;
  gate: Gate;
  revocations: Revocations;
  /** What programs come in with. */
  serviceTokens: ServiceTokens;
  links: LoginLinks;
  /** What brings the player into pages of other sites. */
  embeds: EmbedCodes;
  /** The walls that people keep. */
  layouts: Layouts;
  /** Who signs in with a password. */
  people: People;
  passwords: Passwords;
  /** Where people sign in with OpenID Connect; absent: nowhere. */
  identity?: IdentityProvider;
  whep: Whep;
  whip: Whip;
  /** Absent: there are none. */
  adaptive?: Adaptive;
  /** Absent: this gateway is the only one. */
  legsElsewhere?: LegsElsewhere;
  /** Absent: this gateway is the only one. */
  audienceElsewhere?: AudienceElsewhere;
  /** Absent: everybody waits for the next key frame. */
  departures?: Departures;
  poster(camera: Id): Poster | undefined | Promise<Poster | undefined>;
  /** Measured by the switcher; undefined while nothing flows. */
  rates(camera: Id): { bitrate_bps: number; fps: number } | undefined;
  /** By how much its pictures come late to the switcher just now; undefined where they come in time. */
  lateMs(camera: Id): number | undefined;
  /**
   * The address at which a relay offers a path over RTSP.
   * @param called the host name or address under which the caller reaches us
   */
  rtspAt(relay: string, path: string, called: string): string | undefined;
  /** Where a relay offers SRT; undefined where it does not. `called` as above. */
  srtAt(relay: string, called: string): Endpoint | undefined;
  /** The intake that takes publishers of a camera, and why; undefined while no gateway holds the camera. */
  intakeOf(camera: Id): Promise<IntakeChoice | undefined>;
  /** Where an intake takes the publisher of a source; undefined where it is somebody else's. `called` as above. */
  publishAt(intake: string, camera: string, source: string, called: string): PublishPlace | undefined;
  /** Where an address is, as far as databases tell; absent: there are none. */
  findPlace?: FindPlace;
  /** Where players reach a relay's WHEP themselves, for when no gateway answers; undefined: nowhere. */
  whepAt(relay: string): string | undefined;
  /** Low-latency HLS at the relays; absent: none is made here. */
  lowLatency?: LowLatencyHls;
  /** HLS: where ladders write, one folder a camera, and who signs its addresses. */
  hls: { folder: string; paths: PathSigner };
  /** The way to the gateway of another host, where a cell lives there; absent or undefined: it lives here, or nowhere. */
  elsewhere?(at: { kind: 'rendition' | 'recording'; id: Id }): http.Agent | undefined;
  /** What was recorded of every camera. */
  recordings: Recordings;
  /** Small pictures of it. */
  thumbnails: Thumbnails;
  /** Cameras on the network, asked what they have to offer. */
  devices: Devices;
  /** The login that a reference stands for. */
  credential(reference: string): Login | undefined;
  /** Streams that are no camera of ours yet. */
  streams: {
    /** Whether a stream is there, and what it carries. */
    ask(url: string, login: Login | undefined): Promise<Found>;
    /** One picture of it, a JPEG. @throws Busy, or Error */
    picture(url: string, login: Login | undefined): Promise<Buffer>;
  };
  /** The statechart of a cell's machine, with the present state marked. */
  chart(view: CellView): unknown;
  overlay: Overlay;
  /** Demo only: which cameras have a plug, and how it is pulled or put in: their process stops or starts for real. */
  demo?: { has(camera: Id): boolean; plug(camera: Id, source: number, plugged: boolean): Promise<void> };
  /** The secret shared with the TURN server, when there is one. */
  turnSecret?(): string;
  /** Empty: all is well. `down` makes the gateway unready, `degraded` does not. */
  health(): HealthReason[];
  metrics: Metrics;
  /** Absent: nobody looks at traces. */
  joins?: JoinSteps;
  log: Logger;
  /** Folder of the built page; absent: no page. */
  page?: string;
}
