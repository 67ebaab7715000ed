import type { Subject, ViewerProtocol } from '../../bus/events/viewer.ts';
import type { Action } from '../../machines/policy/access.ts';

/** Who may use a route, and about what. */
export interface Rule {
  /** Least role; `anyone` needs no token. */
  who: 'anyone' | Subject['role'];
  /** What does as well as a login token: that of a stream, or of a publisher. */
  also?: 'stream' | 'publisher';
  /** The path parameter `camera_id` or `session_id` is checked for this right. */
  camera?: Action;
  /** `own`: the caller's session alone; `operate`: also an operator's of its zone. */
  session?: 'own' | 'operate';
  /** What it asks for would be a session to watch so: who may not is told of. */
  begins?: ViewerProtocol;
  text: string;
}

const anyone = (text: string): Rule => ({ who: 'anyone', text });

/**
 * Roles × routes: the one table that the door enforces and the documentation shows. A route that is missing here
 * stops the start.
 */
export const RULES: Readonly<Record<string, Rule>> = {
  'GET /': anyone('the dashboard; it shows nothing before somebody has signed in'),
  'GET /watch/:camera_id': anyone('the player alone, to be embedded on our pages and those of http.allowed_origins'),
  'GET /assets/*': anyone('files of the page'),
  'GET /icon.svg': anyone('the icon of the page'),
  'POST /api/v1/login': anyone(
    'trade a name and password, a one-time login link or a login token for a session cookie',
  ),
  'GET /api/v1/login': { who: 'viewer', text: 'who the caller is' },
  'DELETE /api/v1/login': anyone('sign out: forget the cookie'),
  'GET /api/v1/login/ways': anyone('how people can sign in here'),
  'GET /api/v1/login/oidc': anyone('sign in at the identity provider'),
  'GET /api/v1/login/oidc/callback': anyone('where the identity provider sends the browser back'),
  'GET /api/v1/login/oidc/end': anyone('end the sign-in at the identity provider'),
  'DELETE /api/v1/login/everywhere': { who: 'viewer', text: 'sign out everywhere: every token of the caller ends' },
  'GET /.well-known/jwks.json': anyone('the public keys that tokens are signed with'),
  'GET /live/:camera_id': {
    who: 'viewer',
    camera: 'watch',
    begins: 'webrtc',
    text: 'the best way to watch for this device',
  },
  'GET /live/:camera_id/webrtc': {
    who: 'viewer',
    camera: 'watch',
    begins: 'webrtc',
    text: 'a session to watch over WebRTC',
  },
  'GET /live/:camera_id/rtsp': {
    who: 'viewer',
    camera: 'watch',
    begins: 'rtsp',
    text: 'an RTSP address for VLC, ffplay and recorders',
  },
  'GET /live/:camera_id/srt': {
    who: 'viewer',
    camera: 'watch',
    begins: 'srt',
    text: 'an SRT address, with the token in its stream id',
  },
  'GET /live/:camera_id/hls': { who: 'viewer', camera: 'watch', begins: 'hls', text: 'a signed HLS address' },
  'OPTIONS /hls/:camera_id/:session_id/:expires/:signature/:file': anyone('what browsers ask before a range'),
  'GET /hls/:camera_id/:session_id/:expires/:signature': anyone('for an edge: whether a signed address is good'),
  'GET /hls/:camera_id/:session_id/:expires/:signature/:file': anyone(
    'playlists and segments; the signed address is the right, and ends with its session',
  ),
  'OPTIONS /hls/:camera_id/:session_id/:expires/:signature/:relay/:rung/:file': anyone(
    'what browsers ask before a range',
  ),
  'GET /hls/:camera_id/:session_id/:expires/:signature/:relay/:rung/:file': anyone(
    'low-latency HLS: playlists, parts and segments; the signed address is the right, and ends with its session',
  ),
  'OPTIONS /live/:camera_id/whep': anyone('what WHEP players ask first'),
  'POST /live/:camera_id/whep': {
    who: 'viewer',
    also: 'stream',
    camera: 'watch',
    begins: 'whep',
    text: 'WHEP: offer in, answer out',
  },
  'OPTIONS /live/:camera_id/whep/:session_id/:leg': anyone('what browsers ask before a PATCH or DELETE'),
  'PATCH /live/:camera_id/whep/:session_id/:leg': {
    who: 'viewer',
    also: 'stream',
    session: 'own',
    text: 'WHEP: candidates, or an ICE restart',
  },
  'DELETE /live/:camera_id/whep/:session_id/:leg': {
    who: 'viewer',
    also: 'stream',
    session: 'own',
    text: 'WHEP: the end of a connection',
  },
  'POST /publish/:camera_id': {
    who: 'operator',
    camera: 'operate',
    text: 'addresses with a short-lived token, for whoever sends the picture of a camera',
  },
  'OPTIONS /publish/:camera_id/whip': anyone('what browsers and encoders ask first'),
  'POST /publish/:camera_id/whip': {
    who: 'operator',
    also: 'publisher',
    camera: 'operate',
    text: 'WHIP: a camera in a browser or an encoder; offer in, answer out',
  },
  'OPTIONS /publish/:camera_id/whip/:source/:publication': anyone('what browsers ask before a PATCH or DELETE'),
  'PATCH /publish/:camera_id/whip/:source/:publication': {
    who: 'operator',
    also: 'publisher',
    camera: 'operate',
    text: 'WHIP: candidates, or an ICE restart',
  },
  'DELETE /publish/:camera_id/whip/:source/:publication': {
    who: 'operator',
    also: 'publisher',
    camera: 'operate',
    text: 'WHIP: the end of publishing',
  },
  'GET /webrtc/:camera_id': anyone('WebSocket signalling; its first message carries the stream token'),
  'GET /api/v1/cameras': { who: 'viewer', text: 'the cameras that the caller may see' },
  'GET /api/v1/cameras/:camera_id': { who: 'viewer', camera: 'watch', text: 'one camera' },
  'POST /api/v1/cameras': { who: 'admin', text: 'add a camera' },
  'PATCH /api/v1/cameras/:camera_id': { who: 'admin', camera: 'administer', text: 'change a camera added here' },
  'DELETE /api/v1/cameras/:camera_id': { who: 'admin', camera: 'administer', text: 'remove a camera added here' },
  'GET /api/v1/cameras/:camera_id/poster.jpg': { who: 'viewer', camera: 'watch', text: 'its latest picture' },
  'GET /api/v1/cameras/:camera_id/chart': { who: 'viewer', camera: 'watch', text: 'its statechart' },
  'POST /api/v1/cameras/:camera_id/source': {
    who: 'operator',
    camera: 'operate',
    text: 'choose the source that feeds the program, or `auto`',
  },
  'GET /api/v1/cameras/:camera_id/ptz': { who: 'operator', camera: 'move', text: 'who moves it, and how it stands' },
  'GET /api/v1/cameras/:camera_id/ptz/presets': {
    who: 'operator',
    camera: 'move',
    text: 'positions that it remembers',
  },
  'POST /api/v1/cameras/:camera_id/ptz/move': { who: 'operator', camera: 'move', text: 'move it for a moment' },
  'POST /api/v1/cameras/:camera_id/ptz/stop': { who: 'operator', camera: 'move', text: 'stop it, whoever moves it' },
  'POST /api/v1/cameras/:camera_id/ptz/preset': { who: 'operator', camera: 'move', text: 'send it to a preset' },
  'POST /api/v1/cameras/:camera_id/ptz/presets': {
    who: 'operator',
    camera: 'move',
    text: 'save where it looks under a name',
  },
  'POST /api/v1/devices/find': { who: 'admin', text: 'look for ONVIF cameras where the configuration permits it' },
  'POST /api/v1/devices/look': { who: 'admin', text: 'what a camera has to offer, before it is added' },
  'POST /api/v1/devices/picture': { who: 'admin', text: 'one picture of a stream, before it is added' },
  'GET /api/v1/recordings/:camera_id': {
    who: 'viewer',
    camera: 'review',
    text: 'what was recorded, and what is missing',
  },
  'GET /api/v1/recordings/:camera_id/bookmarks': {
    who: 'operator',
    camera: 'review',
    text: 'stretches that people keep from retention, under a name',
  },
  'POST /api/v1/recordings/:camera_id/bookmarks': {
    who: 'operator',
    camera: 'review',
    text: 'keep a stretch of the past: retention never touches it',
  },
  'DELETE /api/v1/recordings/:camera_id/bookmarks/:bookmark_id': {
    who: 'operator',
    camera: 'review',
    text: "let go of one's own, or as an administrator of anybody's: retention may delete it",
  },
  'GET /recordings/:camera_id': {
    who: 'viewer',
    camera: 'review',
    begins: 'past',
    text: 'a session to look at the past',
  },
  'GET /recordings/:camera_id/index.m3u8': { who: 'viewer', camera: 'review', text: 'the past as HLS' },
  'GET /recordings/:camera_id/thumbnail': { who: 'viewer', camera: 'review', text: 'a small picture of a past moment' },
  'GET /recordings/:camera_id/export.mp4': { who: 'viewer', camera: 'review', text: 'a stretch of the past as a file' },
  'GET /recordings/:camera_id/package.tar': {
    who: 'admin',
    camera: 'review',
    text: 'video and log of a stretch of the past as one signed file',
  },
  'OPTIONS /recordings/:camera_id/:session_id/:expires/:signature/:file': anyone('what pages of other sites may ask'),
  'GET /recordings/:camera_id/:session_id/:expires/:signature/:file': anyone('the past as HLS, at a signed address'),
  'GET /api/v1/sessions': { who: 'viewer', text: "viewer sessions: one's own, an operator's zones, or all" },
  'GET /api/v1/sessions/:session_id': { who: 'viewer', session: 'operate', text: 'one viewer session' },
  'DELETE /api/v1/sessions/:session_id': { who: 'viewer', session: 'operate', text: 'revoke a session' },
  'POST /api/v1/sessions/:session_id/renew': { who: 'viewer', session: 'own', text: 'prolong a session' },
  'POST /api/v1/sessions/:session_id/stale': {
    who: 'viewer',
    session: 'own',
    text: 'tell that a cache on the way keeps playlists of HLS for too long',
  },
  'GET /api/v1/revocations': { who: 'admin', text: 'what stands revoked' },
  'POST /api/v1/revocations': { who: 'admin', text: "revoke a person's tokens, or one token, and cut their sessions" },
  'DELETE /api/v1/revocations/:revocation_id': { who: 'admin', text: 'lift a revocation' },
  'GET /api/v1/service-tokens': { who: 'admin', text: 'what programs come in with: who made each, and until when' },
  'POST /api/v1/service-tokens': { who: 'admin', text: 'make a token for a program; shown once' },
  'DELETE /api/v1/service-tokens/:service_id': { who: 'admin', text: 'take one back, and cut what runs under it' },
  'GET /api/v1/layouts': { who: 'viewer', text: "the walls that one keeps, and those that are shared with one's role" },
  'POST /api/v1/layouts': { who: 'viewer', text: 'keep a wall; administrators share it with a role' },
  'GET /api/v1/layouts/:layout_id': { who: 'viewer', text: 'a wall by its link, with the cameras that one may see' },
  'PATCH /api/v1/layouts/:layout_id': { who: 'viewer', text: "change one's own, or as an administrator anybody's" },
  'DELETE /api/v1/layouts/:layout_id': { who: 'viewer', text: "delete one's own, or as an administrator anybody's" },
  'GET /api/v1/rights': { who: 'admin', text: 'who holds which right to a camera' },
  'POST /api/v1/embed': {
    who: 'viewer',
    text: 'a frame address, good once, that shows a camera which the caller may watch on a page of another site',
  },
  'POST /api/v1/embed/token': anyone('trade the code of such an address for a token of its camera'),
  'GET /api/v1/relays': { who: 'operator', text: 'the relays' },
  'GET /api/v1/relays/:relay_id': { who: 'operator', text: 'one relay' },
  'GET /api/v1/broadcasts': { who: 'operator', text: 'what is pushed where, and whether it is on air' },
  'GET /api/v1/destinations': { who: 'operator', text: 'where cameras can be pushed to' },
  'POST /api/v1/broadcasts': { who: 'operator', text: 'push a camera to a destination' },
  'DELETE /api/v1/broadcasts/:broadcast_id': { who: 'operator', text: 'stop a push' },
  'GET /api/v1/incidents': { who: 'viewer', text: 'the emergencies that concern cameras of the caller' },
  'POST /api/v1/incidents': { who: 'operator', text: 'declare an emergency' },
  'PATCH /api/v1/incidents/:incident_id': { who: 'operator', text: 'prolong it' },
  'DELETE /api/v1/incidents/:incident_id': { who: 'operator', text: 'close it' },
  'GET /api/v1/alarms': { who: 'viewer', text: 'what wants a look, of what the caller may see' },
  'POST /api/v1/alarms/:alarm_id/acknowledge': {
    who: 'operator',
    text: 'say that one takes care of it: it sounds nowhere any more',
  },
  'POST /api/v1/relays/:relay_id/drain': { who: 'admin', text: 'have a relay take no new viewers, and be emptied' },
  'DELETE /api/v1/relays/:relay_id/drain': { who: 'admin', text: 'have a drained relay take viewers again' },
  'GET /api/v1/events': {
    who: 'viewer',
    text: 'events as Server-Sent Events or WebSocket, each checked for the caller',
  },
  'GET /api/v1/journal': { who: 'viewer', text: 'what cells heard and said, of what the caller may see' },
  'GET /api/v1/timeline': { who: 'viewer', text: 'what happened between two moments, of what the caller may see' },
  'GET /api/v1/replay': { who: 'viewer', text: 'the state of everything at a moment, of what the caller may see' },
  'GET /api/v1/export': { who: 'admin', text: 'all that was heard and told in a window, as JSON lines' },
  'GET /api/v1/ledger': {
    who: 'admin',
    text: 'who watched which camera, from where, until when; who made or revoked service tokens',
  },
  'POST /api/v1/whatif': { who: 'operator', text: 'what would follow from a loss, of what the caller may see' },
  'POST /api/v1/demo/cameras/:camera_id/plug': {
    who: 'operator',
    camera: 'operate',
    text: 'demo only: pull or put in the plug of a camera',
  },
  'GET /metrics': { who: 'operator', text: 'figures for Prometheus' },
  'GET /healthz': anyone('the process is up'),
  'GET /readyz': anyone('whether it can serve, and why not'),
  'GET /openapi.json': anyone('this interface, made from the shapes that validate'),
  'GET /asyncapi.json': anyone('every event and ask, made from the shapes that they are told in'),
  'GET /docs': anyone('a readable page of it'),
};

/** The rule of a route. @throws Error when the table has none */
export function ruleOf(method: string, url: string): Rule {
  // HEAD is GET without a body; Fastify adds it by itself.
  const key = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
  if (!rule) throw new Error(`the route ${key} has no row in infra/http/roles.ts: say there who may use it`);
  return rule;
}
