/**
 * What routes are sent in the documents, by method and path: each fits its schema, and the tests send each. What is
 * meant by them goes together: one camera, its zone, one destination.
 */
export const EXAMPLES: Readonly<Record<string, object>> = {
  'POST /api/v1/cameras': {
    id: 'north-gate',
    name: 'North gate',
    zone: 'hcm/airport',
    sources: ['rtsp://10.0.0.7/main', 'rtsp://10.0.0.7/backup'],
  },
  'PATCH /api/v1/cameras/:camera_id': { name: 'North gate, inner lane' },
  'POST /api/v1/cameras/:camera_id/source': { source: '1' },
  'POST /api/v1/cameras/:camera_id/ptz/move': { pan: 0.5, tilt: 0, zoom: 0, for_ms: 1000 },
  'POST /api/v1/cameras/:camera_id/ptz/preset': { preset: '1' },
  'POST /api/v1/cameras/:camera_id/ptz/presets': { name: 'Barrier' },
  'POST /api/v1/sessions/:session_id/stale': { held_ms: 9000, allowed_ms: 2000 },
  'POST /api/v1/recordings/:camera_id/bookmarks': {
    from: 1_795_000_000_000,
    to: 1_795_000_120_000,
    name: 'Theft at the gate',
  },
  'POST /api/v1/revocations': { sub: 'lan' },
  'POST /api/v1/service-tokens': { name: 'parking board', role: 'viewer', zones: ['hcm/*'], expires_in: 7_776_000 },
  'POST /api/v1/layouts': { name: 'Gates', cameras: ['cam_001'], columns: 3, rows: 2, big: true },
  'PATCH /api/v1/layouts/:layout_id': { columns: 4, rows: null },
  'POST /api/v1/embed': { camera: 'cam_001', origin: 'https://www.example.com', visitor: 'lan' },
  'POST /api/v1/embed/token': { code: 'the code of the address', camera: 'cam_001' },
  'POST /api/v1/broadcasts': { camera: 'cam_001', destination: 'city-tv' },
  'POST /api/v1/incidents': { zone: 'hcm/*', reason: 'fire in hall 2', minutes: 60, grants: { subjects: ['minh'] } },
  'PATCH /api/v1/incidents/:incident_id': { minutes: 30 },
  'POST /api/v1/alarms/:alarm_id/acknowledge': { note: 'the guard is on the way' },
  'POST /api/v1/whatif': { lose: { relay: 'relay-1' } },
  'POST /api/v1/login': { user: 'lan', password: 'what she chose' },
  'POST /api/v1/demo/cameras/:camera_id/plug': { source: 0, plugged: false },
  'POST /api/v1/devices/look': { address: '10.0.0.7', username: 'admin', password: 'of the camera' },
  'POST /api/v1/devices/picture': { address: 'rtsp://10.0.0.7/main', username: 'admin', password: 'of the camera' },
};
