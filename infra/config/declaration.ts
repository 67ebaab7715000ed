import Type from 'typebox';
import { ID_PATTERN } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { AuthSchema } from './declared-auth.ts';
import { CameraSchema, SourceAddress } from './declared-camera.ts';
import { ClusterSchema, HOST_PATTERN } from './declared-cluster.ts';
import { DestinationSchema, WebhookSchema } from './declared-outputs.ts';
import { PortsSchema, RelayPortsSchema } from './declared-ports.ts';
import { AnId, closed, count, duration, listen, Region, size, text, texts, webUrl, ZonePattern } from './grammar.ts';

/**
 * What a configuration file may say: names, grammar, defaults and help, once. The parser, the environment variables
 * and the hints for mistyped names are made from it.
 */

const TurnSchema = Type.Object(
  {
    urls: Type.Array(text('a turn: or turns: address', { pattern: '^turns?:\\S+$' }), { minItems: 1 }),
    secret_file: text('a file that holds the secret shared with the TURN server'),
    credential_ttl: duration('1h', 'how long handed-out TURN credentials last'),
  },
  { additionalProperties: false },
);

const RelaySchema = Type.Object(
  {
    id: AnId,
    role: Type.Enum(['intake', 'delivery'], { default: 'delivery' }),
    region: Type.Optional(Region),
    weight: Type.Number({ minimum: 0, maximum: 1000, expects: 'a number from 0 to 1000', default: 1 }),
    max_readers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, expects: 'a whole number from 1 to 1000000' }),
    ),
    drain: Type.Boolean({ expects: 'true or false', default: false }),
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

const RedisUrl = Type.String({
  pattern: '^redis://[^\\s@/:]+(:[0-9]{1,5})?/?$',
  expects: 'redis://HOST:PORT; a password goes into a file named by password_file',
});

/** Who hears facts over NATS and does nothing else. */
const ReaderSchema = Type.Object(
  {
    cameras: Type.Optional(Type.Array(AnId, { minItems: 1 })),
    zones: Type.Optional(Type.Array(ZonePattern, { minItems: 1 })),
  },
  { additionalProperties: false },
);

export const settings = shape(
  'configuration',
  Type.Object(
    {
      http: Type.Object(
        {
          listen: listen({ default: '127.0.0.1:8080', description: 'where the page, the API and signalling listen' }),
          port: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 65535,
              expects: 'a port from 1 to 65535',
              description: "the port alone; wins over listen's",
            }),
          ),
          public_url: Type.Optional(webUrl({ description: 'what browsers see when a proxy stands in front' })),
          tls: Type.Optional(
            Type.Object(
              {
                cert: text('a file that holds the certificate, with those in between after it (PEM)'),
                key: text('a file that holds its key (PEM)'),
              },
              { additionalProperties: false },
            ),
          ),
          insecure: Type.Boolean({
            default: false,
            expects: 'true or false',
            description: 'other machines may come in without TLS: passwords and tokens can be read on the way',
          }),
          trusted_proxies: texts('an IP address or network of a proxy', {
            description: 'proxies whose X-Forwarded headers are believed',
          }),
          allowed_origins: Type.Array(
            Type.String({
              pattern: '^https?://(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$',
              expects: 'an origin such as https://www.example.com, without a path',
            }),
            {
              default: [],
              maxItems: 200,
              description: 'sites whose pages may show the player in a frame and use the interface from a browser',
            },
          ),
        },
        closed,
      ),
      media: Type.Object(
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
      ),
      metrics: Type.Object(
        { listen: Type.Optional(listen({ description: 'a listener of its own for /metrics, without a token' })) },
        closed,
      ),
      state: text('a folder', {
        default: '.signalbox',
        description: 'data folder, relative to where Signalbox is started',
      }),
      host: Type.Optional(
        Type.String({
          pattern: HOST_PATTERN,
          expects: 'a name of 1 to 32 of a-z, 0-9 and -',
          description:
            'name of this machine among those on the same NATS; default: its own name and a mark of the data folder',
        }),
      ),
      cluster: Type.Optional(ClusterSchema),
      gateways: Type.Integer({
        minimum: 1,
        maximum: 9,
        expects: 'a number from 1 to 9',
        default: 1,
        description:
          'gateway processes run here, on ports counted on from http.port; cameras are shared out among them',
      }),
      nats: Type.Union(
        [
          Type.Literal('embedded'),
          Type.Object(
            {
              servers: Type.Optional(
                Type.Array(
                  Type.String({
                    pattern: '^nats://[^\\s@/]+$',
                    expects: 'a nats:// address without user and password',
                  }),
                  { minItems: 1, description: 'somebody else runs them; without it a nats-server is run here' },
                ),
              ),
              user: Type.Optional(text('a user name')),
              password_file: Type.Optional(text('a file that holds the password')),
              credentials: Type.Optional(text('a credentials file of NATS')),
              replicas: Type.Optional(
                Type.Enum([1, 3, 5], { expects: '1, 3 or 5: how many servers of a cluster keep each record' }),
              ),
              websocket: Type.Optional(listen({ description: 'NATS over WebSocket, for dashboards in browsers' })),
              readers: Type.Record(Type.String({ pattern: ID_PATTERN }), ReaderSchema, {
                default: {},
                keys: 'an id: 1 to 64 of a-z, 0-9, _ and -',
              }),
            },
            { additionalProperties: false },
          ),
        ],
        {
          default: 'embedded',
          expects: 'embedded, or { servers: [nats://…], credentials: FILE, readers: { … } }',
          description: 'embedded: a nats-server is run here',
        },
      ),
      redis: Type.Union(
        [
          Type.Literal('embedded'),
          Type.Object(
            {
              url: RedisUrl,
              password_file: Type.Optional(text('a file that holds the password')),
            },
            { additionalProperties: false },
          ),
          RedisUrl,
        ],
        {
          default: 'embedded',
          expects: 'embedded, redis://HOST:PORT, or { url, password_file }',
          description: 'embedded: a redis-server is run here',
        },
      ),
      auth: Type.Optional(
        Type.Union([Type.Literal('local'), AuthSchema], { expects: 'local, or { issuer, audience, jwks_url, … }' }),
      ),
      ice: Type.Object(
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
      ),
      regions: Type.Object(
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
          places: Type.Record(
            Type.String({ pattern: '^(AS[0-9]{1,10}|[A-Z]{2}(-[A-Z0-9]{1,3}|/.{1,100})?)$' }),
            Region,
            {
              default: {},
              keys: 'a place such as VN, VN-HN, VN/Hanoi or AS64500',
            },
          ),
        },
        closed,
      ),
      discovery: Type.Object(
        {
          on: texts('an IPv4 address of this machine', {
            description: 'addresses of this machine in networks where ONVIF cameras may be looked for; none: nowhere',
          }),
        },
        closed,
      ),
      relays: Type.Array(RelaySchema, { default: [], maxItems: 64 }),
      cameras: Type.Record(
        Type.String({ pattern: ID_PATTERN }),
        Type.Union([SourceAddress, CameraSchema], { expects: 'an address, or { name, zone, sources, … }' }),
        { default: {}, keys: 'an id: 1 to 64 of a-z, 0-9, _ and -' },
      ),
      destinations: Type.Record(Type.String({ pattern: ID_PATTERN }), DestinationSchema, {
        default: {},
        keys: 'an id: 1 to 64 of a-z, 0-9, _ and -',
      }),
      webhooks: Type.Array(WebhookSchema, { default: [], maxItems: 32 }),
      ports: PortsSchema,
      limits: Type.Object(
        {
          sessions_per_subject: count(20, 100_000, 'viewer sessions that one subject may hold'),
          adaptive_peers: Type.Integer({
            minimum: 0,
            maximum: 256,
            expects: 'a whole number from 0 to 256',
            default: 8,
            description: 'viewers whom no rung suits and who get VP8 encoded for them alone; 0: nobody',
          }),
          adaptive_cores: Type.Optional(
            Type.Number({
              minimum: 0.1,
              maximum: 256,
              expects: 'a number from 0.1 to 256',
              description: 'processor cores that they may use together; half of all unless said, one at least',
            }),
          ),
          encoders: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 10_000,
              expects: 'a whole number from 1 to 10000',
              description: 'FFmpegs that may encode at a time; cameras in an emergency come first',
            }),
          ),
          relay_grace: duration('60s', 'for how long a relay that was taken out waits for viewers who can’t be moved'),
          egress_kbps: Type.Optional(
            Type.Integer({
              minimum: 100,
              maximum: 100_000_000,
              expects: 'kilobits a second, from 100 to 100000000',
              description:
                'what one delivery relay may send to viewers and destinations; cameras in an emergency come first',
            }),
          ),
        },
        closed,
      ),
      events: Type.Object(
        {
          keep: duration('30d', 'how long the event log reaches back'),
          max_bytes: size('4GB', 'how much of it is kept; the oldest goes first'),
        },
        closed,
      ),
      ledger: Type.Object({ keep: duration('400d', 'how long it is known who watched which camera') }, closed),
      telemetry: Type.Object(
        {
          otlp_url: Type.Optional(
            webUrl({ description: 'a collector that takes traces by OTLP over HTTP, as http://127.0.0.1:4318' }),
          ),
        },
        closed,
      ),
      log: Type.Object(
        { level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], { default: 'info' }) },
        closed,
      ),
    },
    { additionalProperties: false },
  ),
);
/** A configuration file with every default filled in, in its own names and units. */
export type Settings = Of<typeof settings>;
