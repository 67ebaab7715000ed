import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import Schema from 'typebox/schema';
import { envelope } from '../../../bus/envelope.ts';
import type { JournalRecord } from '../../../bus/ports/journal.ts';
import { factSubject } from '../../../bus/subjects.ts';
import { EXAMPLES } from '../../../infra/http/examples.ts';
import { RULES } from '../../../infra/http/roles.ts';
import { type FakeGateway, fakeGateway } from '../../fakes/http.ts';

const JOURNALS = path.resolve(import.meta.dirname, '../../journals');
/** What is one of a list wherever it is answered. */
const LISTED = new Set(['state', 'kind', 'role', 'health']);
/** Pages and their files are no interface. */
const PAGES = new Set(['GET /', 'GET /watch/:camera_id', 'GET /assets/*', 'GET /icon.svg', 'GET /docs']);

describe('the documents that integrators build on', () => {
  let gateway: FakeGateway;
  // biome-ignore lint/suspicious/noExplicitAny: documents are looked through by name
  let open: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  let told: any;

  before(async () => {
    gateway = await fakeGateway();
    open = (await gateway.server.inject({ url: '/openapi.json' })).json();
    told = (await gateway.server.inject({ url: '/asyncapi.json', headers: { host: '127.0.0.1:8080' } })).json();
  });
  after(() => gateway.close());

  it('openapi.json tells of every route, who may use it, and names each of its parameters', () => {
    const missing = Object.keys(RULES).filter((key) => {
      const [method = '', url = ''] = key.split(' ');
      const at = url.replace(/:(\w+)/g, '{$1}');
      return !PAGES.has(key) && open.paths[at]?.[method.toLowerCase()] === undefined;
    });
    expect(missing).to.deep.equal([]);
    for (const [at, methods] of Object.entries<Record<string, Documented>>(open.paths)) {
      for (const [method, { summary, description, parameters = [], security }] of Object.entries(methods)) {
        const about = `${method} ${at}`;
        expect([summary, description], about).to.not.include(undefined);
        const inPath = [...at.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
        expect(named, about).to.have.members(inPath);
        expect(security === undefined, about).to.equal(description?.startsWith('Who: anyone'));
      }
    }
  });

  it('openapi.json says what each route answers when it succeeds', () => {
    const silent = Object.entries<Record<string, Documented>>(open.paths).flatMap(([url, methods]) =>
      Object.entries(methods)
        .filter(([, { responses }]) => !Object.keys(responses).some((status) => /^[123]/.test(status)))
        .map(([method]) => `${method} ${url}`),
    );
    expect(silent).to.deep.equal([]);
  });

  it('openapi.json and asyncapi.json list every state that something can be in, and every kind and role', () => {
    const openEnded = (document: unknown): string[] => {
      const found: string[] = [];
      const look = (value: unknown, at: string): void => {
        if (typeof value !== 'object' || value === null) return;
        for (const [key, inside] of Object.entries(value)) {
          const isListed = (one: { enum?: unknown; const?: unknown }) => 'enum' in one || 'const' in one;
          if (at.endsWith('/properties') && LISTED.has(key) && !isListed(inside)) found.push(`${at}/${key}`);
          look(inside, `${at}/${key}`);
        }
      };
      look(document, '');
      return found;
    };
    for (const methods of Object.values<Record<string, Documented>>(open.paths)) {
      for (const { responses } of Object.values(methods)) expect(openEnded(responses)).to.deep.equal([]);
    }
    expect(openEnded(told.components.schemas)).to.deep.equal([]);
    const { schema } = open.paths['/api/v1/cameras/{camera_id}'].get.responses[200].content['application/json'];
    expect(schema.properties.state.enum).to.include.members(['live', 'holding']).and.not.include('new');
  });

  it('openapi.json shows an example at each route that takes JSON, which fits its schema', () => {
    const shown = Object.keys(RULES).flatMap((key) => {
      const [method = '', url = ''] = key.split(' ');
      const documented: Documented | undefined = open.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
      const json = documented?.requestBody?.content['application/json'];
      if (json) expect(json.example !== undefined && Schema.Check(json.schema, json.example), key).to.equal(true);
      return json ? [key] : [];
    });
    expect(Object.keys(EXAMPLES)).to.have.members(shown);
  });

  it('asyncapi.json leads nowhere that is not there', () => {
    const leads: string[] = [];
    JSON.stringify(told, (key, value) => {
      if (key === '$ref') leads.push(value);
      return value;
    });
    expect(leads.length).to.be.greaterThan(100);
    for (const lead of new Set(leads)) {
      const parts = lead.split('/').slice(1);
      const end = parts.reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], told);
      expect(end, lead).to.not.equal(undefined);
    }
    expect(told.servers.http).to.include({ host: '127.0.0.1:8080', protocol: 'http' });
  });

  it('asyncapi.json tells of every event that cells have ever told, on its own subject', () => {
    const seen = new Set<string>();
    for (const { record, fact } of factsOfLongAgo()) {
      const [kind = '', event = ''] = fact.type.replace('signalbox.', '').split('.');
      const type = `${kind}.${event}`;
      if (seen.has(type)) continue;
      seen.add(type);
      const channel = told.channels[`fact.${type}`];
      const at = { kind: record.kind, id: record.cell };
      expect(channel?.address.replace('{id}', at.id), type).to.equal(factSubject(at, event));
      expect(told.channels.events.messages, type).to.have.property(type);
      expect(envelope.check(fact), type).to.equal(true);
      const { payload } = told.components.messages[type];
      expect(payload.properties.type.const).to.equal(fact.type);
      expect(payload.required).to.have.members(Object.keys(fact).filter((key) => key !== 'causeid'));
      const data = told.components.schemas[kind];
      expect(Object.keys(data.properties), type).to.include.members(Object.keys(fact.data));
    }
    expect(seen.size).to.be.greaterThan(25);
  });
});

interface Documented {
  summary?: string;
  description?: string;
  parameters?: { in: string; name: string }[];
  security?: object[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, object>;
}

/** The facts in the golden journals. */
function* factsOfLongAgo() {
  for (const name of readdirSync(JOURNALS).filter((file) => file.endsWith('.jsonl'))) {
    for (const line of readFileSync(path.join(JOURNALS, name), 'utf8').trim().split('\n')) {
      const record = JSON.parse(line) as JournalRecord;
      for (const fact of record.said) yield { record, fact };
    }
  }
}
