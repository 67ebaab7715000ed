/** A JSON schema, as far as it is put together here. */
export interface Schema {
  [keyword: string]: unknown;
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}
interface Operation {
  summary?: string;
  description?: string;
  parameters?: { in: string; name: string; required?: boolean; schema: Schema; description?: string }[];
  requestBody?: Content;
  responses?: Record<string, Content>;
}
/** What is read of `/openapi.json`. */
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}
/** What is read of `/asyncapi.json`. */
export interface AsyncApi {
  components: {
    messages: Record<string, { payload: Schema }>;
    schemas: Record<string, Schema>;
  };
}

const objectOf = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

const jsonIn = ({ content }: Content = {}): Schema | undefined => content?.['application/json']?.schema;

/** What an operation takes in its path or its query, as an object. */
function parametersIn(
  place: string,
  { parameters = [] }: Operation,
): { name: string; schema: Schema; must: boolean }[] {
  const found = parameters.filter((one) => one.in === place);
  if (found.length === 0) return [];
  const described = found.map(({ name, schema, description }) => [
    name,
    { ...schema, ...(description ? { description } : {}) },
  ]);
  const required = found.filter((one) => one.required || place === 'path').map(({ name }) => name);
  return [{ name: place, schema: objectOf(Object.fromEntries(described), required), must: required.length > 0 }];
}

/** All that an operation may answer with when it succeeds; nothing where it answers without a JSON body. */
function answerOf({ responses = {} }: Operation): Schema[] {
  const bodies = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, response]) => jsonIn(response))
    .filter((body) => body !== undefined);
  const different = [...new Map(bodies.map((body) => [JSON.stringify(body), body])).values()];
  return different.length > 1 ? [{ anyOf: different }] : different;
}

/** The routes of an OpenAPI document as one schema: a property for each, `GET /api/v1/cameras`, with needs and answer. */
export function routesSchema({ paths }: OpenApi): Schema {
  const routes = Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Schema] => {
      const body = jsonIn(operation.requestBody);
      const parts = [
        ...parametersIn('path', operation),
        ...parametersIn('query', operation),
        ...(body ? [{ name: 'body', schema: body, must: true }] : []),
        ...answerOf(operation).map((schema) => ({ name: 'answer', schema, must: true })),
      ];
      const route = objectOf(
        Object.fromEntries(parts.map(({ name, schema }) => [name, schema])),
        parts.filter(({ must }) => must).map(({ name }) => name),
      );
      const description = [operation.summary, operation.description].filter(Boolean).join('. ');
      return [`${method.toUpperCase()} ${url}`, { ...route, description }];
    }),
  );
  return { ...objectOf(Object.fromEntries(routes)), title: 'Routes' };
}

/** The events of an AsyncAPI document as one schema: a property for each, by its `type`. */
export function factsSchema({ components }: AsyncApi): Schema {
  const named = (kind: string): string => `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Data`;
  const definitions = Object.entries(components.schemas).map(([kind, schema]) => [
    kind,
    { ...schema, title: named(kind) },
  ]);
  const messages = Object.entries(components.messages).map(([type, { payload }]): [string, Schema] => [
    `signalbox.${type}`,
    payload,
  ]);
  const facts = {
    ...objectOf(Object.fromEntries(messages)),
    title: 'Facts',
    definitions: Object.fromEntries(definitions),
  };
  return JSON.parse(JSON.stringify(facts).replaceAll('"#/components/schemas/', '"#/definitions/'));
}
