import Type from 'typebox';
import { HOST_PATTERN } from './declared-cluster.ts';
import { RelayPortsSchema } from './declared-ports.ts';
import { AnId, closed, duration, Region, text, texts, webUrl } from './grammar.ts';

/** Where relays offer media. */
export const MediaSchema = Type.Object(
  {
    listen: Type.Optional(
      text('an IP address', {
        description: "IP address on which relays offer RTSP, SRT, RTMP and WebRTC media; default: http.listen's",
      }),
    ),
    insecure: Type.Boolean({
      default: false,
      expects: 'true or false',
      description: 'RTSP may be offered to other machines without TLS; WebRTC is encrypted in any case',
    }),
  },
  closed,
);

/** A relay: ours, or one that somebody else runs. */
export const RelaySchema = Type.Object(
  {
    id: AnId,
    role: Type.Enum(['intake', 'delivery'], { default: 'delivery' }),
    region: Type.Optional(Region),
    weight: Type.Number({ minimum: 0, maximum: 1000, expects: 'a number from 0 to 1000', default: 1 }),
    max_readers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, expects: 'a whole number from 1 to 1000000' }),
    ),
    drain: Type.Boolean({ expects: 'true or false', default: false }),
    pull: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(AnId, { minItems: 1 })], {
        expects: 'true, or a list of delivery relays, the preferred one first',
        description: 'it fetches a program from another delivery relay while somebody watches it there',
      }),
    ),
    host: Type.Optional(text('the host on which it runs', { pattern: HOST_PATTERN })),
    ports: Type.Optional(RelayPortsSchema),
    api: Type.Optional(webUrl({ description: 'control API of a relay that somebody else runs' })),
    rtsp: Type.Optional(
      text('an rtsp:// or rtsps:// address', { pattern: '^rtsps?://[^\\s/@]+/?$', description: 'RTSP of that relay' }),
    ),
    whep: Type.Optional(webUrl({ description: 'WHEP of that relay' })),
    whep_public: Type.Optional(
      webUrl({ description: 'WHEP of the relay as players reach it, for when no gateway answers; https behind https' }),
    ),
  },
  { additionalProperties: false },
);

const TurnSchema = Type.Object(
  {
    urls: Type.Array(text('a turn: or turns: address', { pattern: '^turns?:\\S+$' }), { minItems: 1 }),
    secret_file: text('a file that holds the secret shared with the TURN server'),
    credential_ttl: duration('1h', 'how long handed-out TURN credentials last'),
  },
  { additionalProperties: false },
);

/** How WebRTC finds its way through networks. */
export const IceSchema = Type.Object(
  {
    stun: Type.Array(text('a stun: address', { pattern: '^stuns?:\\S+$' }), { default: [] }),
    turn: Type.Optional(TurnSchema),
    public_hosts: texts('a public IP address or host name of this machine'),
    tcp: Type.Boolean({
      default: false,
      expects: 'true or false',
      description: 'WebRTC over TCP too, at the port of the same number',
    }),
  },
  closed,
);

/** Which viewers belong to which region. */
export const RegionsSchema = Type.Object(
  {
    default: Type.String({ ...Region, default: 'hcm' }),
    networks: Type.Record(Type.String({ pattern: '^[0-9A-Fa-f.:]+/[0-9]{1,3}$' }), Region, {
      default: {},
      keys: 'a network such as 14.0.0.0/8',
    }),
    database: Type.Union([text('a MaxMind file (.mmdb)'), Type.Array(text('a MaxMind file (.mmdb)'))], {
      default: [],
      expects: 'a MaxMind file (.mmdb), or a list of them',
      description: 'where addresses outside of these networks are: GeoLite2-City.mmdb, GeoLite2-ASN.mmdb, …',
    }),
    places: Type.Record(Type.String({ pattern: '^(AS[0-9]{1,10}|[A-Z]{2}(-[A-Z0-9]{1,3}|/.{1,100})?)$' }), Region, {
      default: {},
      keys: 'a place such as VN, VN-HN, VN/Hanoi or AS64500',
    }),
  },
  closed,
);
