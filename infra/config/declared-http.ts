import Type from 'typebox';
import { closed, listen, text, texts, webUrl } from './grammar.ts';

/** Where the page, the API and signalling are, and who may come in there. */
export const HttpSchema = Type.Object(
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
);

/** Where figures are told without a token. */
export const MetricsSchema = Type.Object(
  { listen: Type.Optional(listen({ description: 'a listener of its own for /metrics, without a token' })) },
  closed,
);
