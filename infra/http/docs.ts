import fastifySwagger from '@fastify/swagger';
import Type from 'typebox';
import { plainAnswer } from './answers.ts';
import { asyncApi } from './asyncapi.ts';
import { EXAMPLES } from './examples.ts';
import type { Server } from './fastify.ts';
import { baseUrl } from './origin.ts';
import { RULES, ruleOf } from './roles.ts';
import type { HttpServices } from './services.ts';

const inHtml = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);

/** Who may use a route, in words. */
function whoIn(method: string, url: string): string {
  const { who, also, camera, session } = ruleOf(method, url);
  if (who === 'anyone') return 'anyone';
  const about = camera ? ', for cameras they may see' : session ? ', for their sessions' : '';
  return `${who} or above${also ? `, or the ${also}’s token` : ''}${about}`;
}

function page(): string {
  const rows = Object.entries(RULES).map(([key, rule]) => {
    const [method = '', url = ''] = key.split(' ');
    return `<tr><td>${method}</td><td><code>${inHtml(url)}</code></td><td>${inHtml(rule.text)}</td><td>${inHtml(whoIn(method, url))}</td></tr>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Signalbox: interface</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark light">
<h1>Signalbox: interface</h1>
<p>The shapes of every request and answer: <a href="/openapi.json">openapi.json</a>; of
every event: <a href="/asyncapi.json">asyncapi.json</a>. Send a token as
<code>Authorization: Bearer TOKEN</code>. Errors are JSON: <code>{"error": text, "reason": code}</code>.</p>
<table><thead><tr><th>Method</th><th>Address</th><th>What</th><th>Who</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></html>`;
}

/** What every refusal looks like. */
const Refused = Type.Object(
  { error: Type.String({ description: 'for people' }), reason: Type.String({ description: 'a code to branch on' }) },
  { description: 'refused' },
);

/** `/openapi.json`, made from the very schemas that validate, and `/docs`, made from the table of roles. */
export async function docsRoutes(server: Server): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Signalbox', version: '1', description: 'Live camera video for control rooms' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: ({ schema, url, route }) => {
      const method = Array.isArray(route.method) ? (route.method[0] ?? 'GET') : route.method;
      const rule = ruleOf(method, url);
      const key = `${method} ${url}`;
      const answer = (schema?.response as object | undefined) ?? plainAnswer(key);
      const response = { ...answer, '4XX': Refused, '5XX': Refused };
      const example = EXAMPLES[key];
      const body = example && { body: { ...(schema?.body as object), examples: [example] } };
      const words = { summary: rule.text, description: `Who: ${whoIn(method, url)}.` };
      const documented = { ...schema, ...body, response, ...words };
      return { schema: rule.who === 'anyone' ? documented : { ...documented, security: [{ bearer: [] }] }, url };
    },
  });
}

/** The routes themselves; after the guard, so that they have their rows in the table as well. */
export function docsPages(server: Server, { config }: Pick<HttpServices, 'config'>): void {
  server.get('/openapi.json', { schema: { tags: ['operations'] } }, async () => server.swagger());
  server.get('/asyncapi.json', { schema: { tags: ['operations'] } }, async (request) =>
    asyncApi(baseUrl(request, config)),
  );
  server.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page()),
  );
}
