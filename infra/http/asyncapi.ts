import Type, { type TSchema } from 'typebox';
import { CATALOG, STATES } from '../../bus/catalog.ts';
import { envelope } from '../../bus/envelope.ts';
import { ID_PATTERN } from '../../bus/identity.ts';
import { askTemplate, factTemplate, KINDS, RESUME_TEMPLATE, TOLD_TEMPLATE } from '../../bus/subjects.ts';
import { AcknowledgeSchema } from './acknowledging.ts';
import { DeclareSchema, Minutes } from './declaring.ts';
import { ASKS, type GatewayVerb, type Verb } from './message-roles.ts';
import { PageSchema, ResumeSchema } from './resuming.ts';

/** The body of each ask that others than gateways may make. */
const BODIES: Readonly<Record<Exclude<Verb, GatewayVerb>, TSchema>> = {
  view: Type.Null(),
  close: Type.Null(),
  declare: DeclareSchema,
  renew: Type.Object({ minutes: Minutes }),
  acknowledge: AcknowledgeSchema,
};

const ref = (path: string) => ({ $ref: `#/${path}` });
const parameters = { id: { description: `the cell; ${ID_PATTERN}` } };

/** Every type of every kind, as `camera.live`. */
const TYPES = KINDS.flatMap((kind) => CATALOG[kind].types.map((type) => ({ kind, type })));

/** An event over HTTP, or in an answer, says where it stands among the others; on NATS the message's own sequence does. */
const Sequence = Type.Integer({
  minimum: 1,
  description: 'over HTTP and in answers to readers: its place in the stream, for `after`',
});

/** The messages: an envelope whose `type` is that of the fact, with the data of its kind. */
const messages = () =>
  Object.fromEntries(
    TYPES.map(({ kind, type }) => [
      type,
      {
        name: `signalbox.${type}`,
        contentType: 'application/json',
        payload: {
          ...envelope.schema,
          properties: {
            ...(envelope.schema as unknown as { properties: object }).properties,
            type: { const: `signalbox.${type}` },
            data: ref(`components/schemas/${kind}`),
            version: { type: 'integer', minimum: 1, maximum: CATALOG[kind].version },
            sequence: Sequence,
          },
        },
      },
    ]),
  );

/** Where one channel tells every fact. */
const EVERY_MESSAGE = Object.fromEntries(TYPES.map(({ type }) => [type, ref(`components/messages/${type}`)]));

const askMessage = (body: TSchema) => ({
  contentType: 'application/json',
  payload: Type.Object({ token: Type.String({ description: 'a login or service token' }), body: Type.Optional(body) }),
});
const ErrorSchema = Type.Object({ error: Type.String(), reason: Type.String() });
const answerMessage = (...payloads: TSchema[]) => ({
  contentType: 'application/json',
  payload: Type.Union([...payloads, ErrorSchema]),
});
const ANSWER = answerMessage(
  Type.Object({ kind: Type.Enum([...KINDS]), id: Type.String(), state: Type.Enum([...STATES]) }),
  Type.Object({ id: Type.String(), state: Type.Enum([...STATES]) }),
);

/** Facts on NATS: a channel for each type. */
const factChannels = () =>
  TYPES.map(({ kind, type }) => {
    const [, event = ''] = type.split('.');
    const address = factTemplate(kind, event);
    const of = { [type]: ref(`components/messages/${type}`) };
    return [`fact.${type}`, { address, parameters, servers: [ref('servers/nats')], messages: of }] as const;
  });

/** Asks on NATS: a channel for each verb of each kind. */
const askChannels = () =>
  (Object.keys(BODIES) as (keyof typeof BODIES)[]).flatMap((verb) =>
    ASKS[verb].flatMap(({ kinds, who, text }) =>
      kinds.map((kind) => {
        const of = { ask: askMessage(BODIES[verb]), answer: ANSWER };
        const address = askTemplate(kind, verb);
        const description = `${text}; least role: ${who}`;
        return [
          `ask.${kind}.${verb}`,
          { address, description, parameters, servers: [ref('servers/nats')], messages: of },
        ] as const;
      }),
    ),
  );

/** What readers of facts over NATS have beside these: each fact with its sequence, and what they missed. */
const readerChannels = () => ({
  told: {
    address: TOLD_TEMPLATE,
    description:
      'every fact once more, when it is stored: in order, each once, with its sequence in the header Nats-Sequence',
    parameters: {
      ...{ kind: { enum: [...KINDS] }, event: { description: 'the last word of its type' } },
      id: parameters.id,
    },
    servers: [ref('servers/nats')],
    messages: EVERY_MESSAGE,
  },
  resume: {
    address: RESUME_TEMPLATE,
    description:
      'what a reader of `nats.readers` missed, page by page; it asks under its own name and from its own inbox',
    parameters: { reader: { description: `its name; ${ID_PATTERN}` } },
    servers: [ref('servers/nats')],
    messages: {
      ask: { contentType: 'application/json', payload: ResumeSchema },
      answer: answerMessage(PageSchema),
    },
  },
});

/** An operation of who asks and is answered on one channel. */
const answering = (channel: string) => ({
  action: 'receive',
  channel: ref(`channels/${channel}`),
  messages: [ref(`channels/${channel}/messages/ask`)],
  reply: { channel: ref(`channels/${channel}`), messages: [ref(`channels/${channel}/messages/answer`)] },
});

/**
 * What is told and what can be asked, as an AsyncAPI 3.0 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0),
 * made from the very shapes that events are told in.
 * @param base the address under which the caller reaches us
 */
export function asyncApi(base: string): object {
  const { host, protocol } = new URL(base);
  const facts = factChannels();
  const asks = askChannels();
  const events = {
    address: '/api/v1/events',
    description:
      'Server-Sent Events, or a WebSocket whose first message is {"after": SEQ}; `?types=`, `?cameras=`, `?zones=`; only what the caller may see',
    servers: [ref('servers/http')],
    messages: EVERY_MESSAGE,
  };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Signalbox',
      version: '1',
      description: 'What cameras, viewers, relays and the rest tell, as CloudEvents 1.0',
    },
    defaultContentType: 'application/json',
    servers: {
      http: { host, protocol: protocol.replace(':', ''), security: [ref('components/securitySchemes/bearer')] },
      nats: {
        host: '127.0.0.1:4222',
        protocol: 'nats',
        description:
          'for trusted services: `ports.nats`, or the servers that `nats.servers` names; readers of facts are those of `nats.readers`',
        security: [ref('components/securitySchemes/nats')],
      },
    },
    channels: { events, ...readerChannels(), ...Object.fromEntries([...facts, ...asks]) },
    operations: Object.fromEntries([
      ['tell', { action: 'send', channel: ref('channels/events') }],
      ...facts.map(([name]) => [`tell.${name}`, { action: 'send', channel: ref(`channels/${name}`) }]),
      ['tell.again', { action: 'send', channel: ref('channels/told') }],
      ['resume', answering('resume')],
      ...asks.map(([name]) => [name, answering(name)]),
    ]),
    components: {
      messages: messages(),
      schemas: Object.fromEntries(KINDS.map((kind) => [kind, CATALOG[kind].data])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        nats: { type: 'userPassword' },
      },
    },
  };
}
