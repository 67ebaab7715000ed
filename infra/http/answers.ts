const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';
const JSON_TYPE = 'application/json';

/** What a route answers that has no schema of its own: status, and the type of the body, if there is one. */
const PLAIN: Readonly<Record<string, [status: number, type?: string]>> = {
  'OPTIONS /live/:camera_id/whep': [204],
  'POST /live/:camera_id/whep': [201, SDP],
  'OPTIONS /live/:camera_id/whep/:session_id/:leg': [204],
  'PATCH /live/:camera_id/whep/:session_id/:leg': [200, FRAGMENT],
  'DELETE /live/:camera_id/whep/:session_id/:leg': [200],
  'OPTIONS /publish/:camera_id/whip': [204],
  'POST /publish/:camera_id/whip': [201, SDP],
  'OPTIONS /publish/:camera_id/whip/:source/:publication': [204],
  'PATCH /publish/:camera_id/whip/:source/:publication': [200, FRAGMENT],
  'DELETE /publish/:camera_id/whip/:source/:publication': [200],
  'OPTIONS /hls/:camera_id/:session_id/:expires/:signature/:file': [204],
  'GET /hls/:camera_id/:session_id/:expires/:signature/:file': [200, 'application/vnd.apple.mpegurl'],
  'OPTIONS /hls/:camera_id/:session_id/:expires/:signature/:relay/:rung/:file': [204],
  'GET /hls/:camera_id/:session_id/:expires/:signature/:relay/:rung/:file': [200, 'application/vnd.apple.mpegurl'],
  'GET /hls/:camera_id/:session_id/:expires/:signature': [204],
  'OPTIONS /recordings/:camera_id/:session_id/:expires/:signature/:file': [204],
  'GET /recordings/:camera_id/:session_id/:expires/:signature/:file': [200, 'application/vnd.apple.mpegurl'],
  'GET /recordings/:camera_id/index.m3u8': [200, 'application/vnd.apple.mpegurl'],
  'GET /recordings/:camera_id/thumbnail': [200, 'image/jpeg'],
  'GET /recordings/:camera_id/export.mp4': [200, 'video/mp4'],
  'GET /recordings/:camera_id/package.tar': [200, 'application/x-tar'],
  'GET /webrtc/:camera_id': [101],
  'DELETE /api/v1/cameras/:camera_id': [204],
  'GET /api/v1/cameras/:camera_id/chart': [200, JSON_TYPE],
  'GET /api/v1/cameras/:camera_id/poster.jpg': [200, 'image/jpeg'],
  'DELETE /api/v1/sessions/:session_id': [204],
  'POST /api/v1/sessions/:session_id/stale': [204],
  'DELETE /api/v1/revocations/:revocation_id': [204],
  'DELETE /api/v1/service-tokens/:service_id': [204],
  'DELETE /api/v1/layouts/:layout_id': [204],
  'DELETE /api/v1/broadcasts/:broadcast_id': [204],
  'DELETE /api/v1/incidents/:incident_id': [204],
  'DELETE /api/v1/recordings/:camera_id/bookmarks/:bookmark_id': [204],
  'GET /api/v1/events': [200, 'text/event-stream'],
  'GET /api/v1/export': [200, 'application/x-ndjson'],
  'GET /metrics': [200, 'text/plain'],
  'DELETE /api/v1/login': [204],
  'DELETE /api/v1/login/everywhere': [204],
  'GET /.well-known/jwks.json': [200, JSON_TYPE],
  'GET /api/v1/login/oidc': [303],
  'GET /api/v1/login/oidc/end': [303],
  'GET /api/v1/login/oidc/callback': [303],
  'POST /api/v1/devices/picture': [200, 'image/jpeg'],
  'GET /openapi.json': [200, JSON_TYPE],
  'GET /asyncapi.json': [200, JSON_TYPE],
};

/** The same as the `response` of a route's schema; empty where the route says itself what it answers. */
export function plainAnswer(key: string): Record<number, object> {
  const [status, type] = PLAIN[key] ?? [];
  if (status === undefined) return {};
  if (type === undefined) return { [status]: { type: 'null', description: 'no body' } };
  const schema = type === JSON_TYPE ? { type: 'object' } : { type: 'string', contentMediaType: type };
  return { [status]: { description: type, content: { [type]: { schema } } } };
}
