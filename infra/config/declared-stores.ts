import Type from 'typebox';
import { ID_PATTERN } from '../../bus/identity.ts';
import { AnId, listen, text, ZonePattern } from './grammar.ts';

/** Who hears facts over NATS and does nothing else. */
const ReaderSchema = Type.Object(
  {
    cameras: Type.Optional(Type.Array(AnId, { minItems: 1 })),
    zones: Type.Optional(Type.Array(ZonePattern, { minItems: 1 })),
  },
  { additionalProperties: false },
);

/** The NATS that keeps journal and facts, and who else hears them there. */
export const NatsSchema = Type.Union(
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
);

const RedisUrl = Type.String({
  pattern: '^redis://[^\\s@/:]+(:[0-9]{1,5})?/?$',
  expects: 'redis://HOST:PORT; a password goes into a file named by password_file',
});

/** The Redis that keeps which session is at which gateway. */
export const RedisSchema = Type.Union(
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
);
