import Type from 'typebox';
import { closed, port } from './grammar.ts';

/** The ports of one relay, where they differ from the defaults. */
export const RelayPortsSchema = Type.Partial(
  Type.Object({
    rtsp: port(8554, 'RTSP'),
    rtsps: port(8322, 'RTSPS'),
    rtmps: port(1945, 'intake: RTMPS'),
    srt: port(8890, 'SRT, UDP'),
    webrtc_udp: port(8189, 'WebRTC media, UDP'),
    rtmp: port(1936, 'RTMP'),
    whep: port(8889, 'WHEP, loopback'),
    hls: port(8888, 'HLS, loopback'),
    api: port(9997, 'control API, loopback'),
    metrics: port(9998, 'metrics, loopback'),
  }),
  { additionalProperties: false },
);

/** Every port of the group: of the first relay of each role, and of what stays on loopback. */
export const PortsSchema = Type.Object(
  {
    rtsp: port(8554, 'delivery: RTSP; loopback when there is RTSPS'),
    rtsps: port(8322, 'delivery: RTSPS, with http.tls'),
    srt: port(8890, 'delivery: SRT, UDP'),
    webrtc_udp: port(8189, 'delivery: WebRTC media, UDP'),
    whep: port(8889, 'delivery: WHEP, loopback'),
    hls: port(8888, 'delivery: HLS, loopback'),
    adaptive_udp: Type.Optional(
      Type.Integer({
        minimum: 1024,
        maximum: 65_000,
        expects: 'a port from 1024 to 65000',
        description:
          'adaptive peers: the first of twice as many UDP ports as there may be peers; any free ones unless said',
      }),
    ),
    rtmp: port(1936, 'delivery: RTMP, loopback'),
    api: port(9997, 'delivery: control API, loopback'),
    metrics: port(9998, 'delivery: metrics, loopback'),
    intake_rtsp: port(8654, 'intake: RTSP; loopback when there is RTSPS'),
    intake_rtsps: port(8422, 'intake: RTSPS, with http.tls'),
    intake_rtmp: port(1935, 'intake: RTMP; loopback when there is RTMPS'),
    intake_rtmps: port(1945, 'intake: RTMPS, with http.tls'),
    intake_srt: port(8990, 'intake: SRT, UDP'),
    intake_webrtc_udp: port(8289, 'intake: WebRTC media, UDP'),
    intake_whep: port(8989, 'intake: WHIP, loopback'),
    intake_hls: port(8988, 'intake: HLS, loopback'),
    intake_api: port(9987, 'intake: control API, loopback'),
    intake_metrics: port(9988, 'intake: metrics, loopback'),
    jwks: port(9996, 'keys for the relays, loopback'),
    nats: port(4222, 'embedded nats-server, loopback'),
    redis: port(6379, 'embedded redis-server, loopback'),
    edge: port(8081, 'nginx edge for HLS; `signalbox edge` writes its configuration'),
    demo_destination: port(19350, 'nginx-rtmp of the demo, loopback'),
    demo_destination_http: port(19351, 'its statistics and its monitor, loopback'),
  },
  closed,
);
