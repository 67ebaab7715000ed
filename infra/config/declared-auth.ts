import Type from 'typebox';
import { shape } from '../../bus/shape.ts';
import { DURATION_PATTERN } from './durations.ts';
import { AnId, closed, duration, text, webUrl, ZonePattern } from './grammar.ts';
import { HISTORY_EXPECTED, HISTORY_PATTERN } from './history.ts';

const RightSchema = Type.Object(
  {
    claim: Type.Optional(text('the name of a claim, such as groups')),
    value: Type.Optional(text('what the claim must say, or, where it is a list, contain')),
    role: Type.Enum(['viewer', 'operator', 'admin']),
    cameras: Type.Array(AnId, { default: [] }),
    zones: Type.Array(ZonePattern, { default: [] }),
    history: Type.Optional(Type.String({ pattern: HISTORY_PATTERN, expects: HISTORY_EXPECTED })),
  },
  { additionalProperties: false },
);

const OidcSchema = Type.Object(
  {
    issuer: webUrl({ description: 'the identity provider' }),
    client_id: text('the name under which the provider knows us'),
    client_secret_file: Type.Optional(text('a file that holds the secret shared with the provider')),
    scopes: Type.Array(text('a scope'), { default: ['openid', 'profile', 'email'] }),
    name: text('what the button on the page says', { default: 'your organisation', maxLength: 60 }),
    rights: Type.Array(RightSchema, { minItems: 1, maxItems: 200 }),
  },
  { additionalProperties: false },
);

/** A bound of a role has no grant that it could count from. */
const longest = Type.Optional(Type.String({ pattern: DURATION_PATTERN, expects: 'a duration such as 1h or 7d' }));
const HistoryLimitsSchema = Type.Object(
  { viewer: longest, operator: longest },
  {
    additionalProperties: false,
    default: {},
    description: 'how far back a role may look into recordings, whatever its tokens say',
  },
);

/** Who may come in, and how they prove it. */
export const AuthSchema = Type.Object(
  {
    issuer: text('the issuer of login tokens', {
      default: 'signalbox',
      description: '`iss` of every accepted login token',
    }),
    audience: text('the audience of login tokens', {
      default: 'signalbox',
      description: '`aud` of every accepted login token',
    }),
    jwks_url: Type.Optional(
      webUrl({ description: 'keys of an external issuer; without it Signalbox makes its own keys in the data folder' }),
    ),
    oidc: Type.Optional(OidcSchema),
    history: HistoryLimitsSchema,
    stream_token_ttl: duration('3600s', 'how long a stream token lets its holder watch'),
    login_token_ttl: duration('8h', 'how long a login on the page lasts'),
  },
  closed,
);

/** The `auth` section when the file says `local` or nothing. */
export const authSettings = shape('auth', AuthSchema);
