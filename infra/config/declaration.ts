import Type from 'typebox';
import { MAX_RELAYS } from '../../bus/events/relay.ts';
import { ID_PATTERN } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { AuthSchema } from './declared-auth.ts';
import { CameraSchema, SourceAddress } from './declared-camera.ts';
import { ClusterSchema, HOST_PATTERN } from './declared-cluster.ts';
import { HttpSchema, MetricsSchema } from './declared-http.ts';
import { LimitsSchema } from './declared-limits.ts';
import { IceSchema, MediaSchema, RegionsSchema, RelaySchema } from './declared-media.ts';
import { DestinationSchema, WebhookSchema } from './declared-outputs.ts';
import { PortsSchema } from './declared-ports.ts';
import { NatsSchema, RedisSchema } from './declared-stores.ts';
import { closed, duration, size, text, texts, webUrl } from './grammar.ts';

/**
 * What a configuration file may say: names, grammar, defaults and help, once. The parser, the environment variables
 * and the hints for mistyped names are made from it. Each chapter of a file is in a `declared-*.ts` of its own.
 */
export const settings = shape(
  'configuration',
  Type.Object(
    {
      http: HttpSchema,
      media: MediaSchema,
      metrics: MetricsSchema,
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
      nats: NatsSchema,
      redis: RedisSchema,
      auth: Type.Optional(
        Type.Union([Type.Literal('local'), AuthSchema], { expects: 'local, or { issuer, audience, jwks_url, … }' }),
      ),
      ice: IceSchema,
      regions: RegionsSchema,
      discovery: Type.Object(
        {
          on: texts('an IPv4 address of this machine', {
            description: 'addresses of this machine in networks where ONVIF cameras may be looked for; none: nowhere',
          }),
        },
        closed,
      ),
      relays: Type.Array(RelaySchema, { default: [], maxItems: MAX_RELAYS }),
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
      limits: LimitsSchema,
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
