import { createHash } from 'node:crypto';
import Type from 'typebox';
import { CellExists, type CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { GrantsSchema } from '../../bus/events/incident.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { type Id, IdSchema, id, newId } from '../../bus/identity.ts';
import { access, inZone } from '../../machines/policy/access.ts';
import { callerOf, permittedCamera } from './door.ts';
import { denied, missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { incidentOf, isOver, zoneOf } from './views.ts';

const IncidentSchema = Type.Object({
  id: Type.String(),
  zone: Type.String(),
  cameras: Type.Array(Type.String()),
  reason: Type.String(),
  by: Type.String(),
  until: Type.Number({ description: 'epoch ms at which it ends by itself' }),
  drill: Type.Boolean(),
  destinations: Type.Array(Type.String()),
  grants: Type.Optional(GrantsSchema),
  state: Type.String({ description: 'declared, active, expiring or closed' }),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
});

/** An incident as its operators see it; whom it lets in is theirs alone to know. */
function show(view: CellView, operates: boolean) {
  const { zone, cameras, reason, by, until, drill, destinations, grants } = incidentOf(view);
  const { state, since, why } = view;
  const open = { id: view.id, zone, cameras, reason, by, until, drill, destinations, state, since, why };
  return operates ? { ...open, grants } : open;
}

const Minutes = Type.Integer({ minimum: 1, maximum: 24 * 60 });
const DeclareSchema = Type.Object(
  {
    zone: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'a zone, or a pattern such as hcm/*' }),
    ),
    cameras: Type.Optional(Type.Array(IdSchema, { minItems: 1, maxItems: 1000 })),
    reason: Type.String({ minLength: 1, maxLength: 500 }),
    minutes: Type.Optional(Minutes),
    key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'declared twice with it: one incident' }),
    ),
    drill: Type.Optional(Type.Boolean()),
    destinations: Type.Optional(Type.Array(IdSchema, { description: 'default: all of the configuration' })),
    grants: Type.Optional(Type.Partial(GrantsSchema)),
  },
  { additionalProperties: false },
);
type Declaration = Type.Static<typeof DeclareSchema>;

const MINUTES = 60;
const untilIn = (minutes: number): number => systemClock.now() + minutes * 60_000;

/** The cameras that an incident is about; the caller must operate each. @throws Refusal */
function concerned(services: HttpServices, caller: LoginClaims, { zone, cameras }: Declaration): Id[] {
  if ((zone === undefined) === (cameras === undefined)) {
    throw new Refusal(400, 'bad-request', 'Say either a zone or the cameras that it is about.');
  }
  if (cameras) return [...new Set(cameras)].map((camera) => permittedCamera(services, caller, camera, 'operate').id);
  const within = services.cells
    .list('camera')
    .filter((view) => !isOver(view) && inZone(zoneOf(view), zone as string))
    .filter((view) => access(caller, { camera: view.id, zone: zoneOf(view) }, 'operate').allowed);
  if (within.length === 0) throw missing(`camera of yours in the zone ${zone}`);
  return within.map(({ id }) => id);
}

/** Whether somebody acts upon every camera of an incident. */
const operatesAll = ({ cells }: HttpServices, caller: LoginClaims, view: CellView): boolean =>
  incidentOf(view).cameras.every((camera) => {
    const place = cells.view({ kind: 'camera', id: camera as Id });
    return access(caller, { camera, zone: place ? zoneOf(place) : '' }, 'operate').allowed;
  });

const watchesAny = ({ cells }: HttpServices, caller: LoginClaims, view: CellView): boolean =>
  incidentOf(view).cameras.some((camera) => {
    const place = cells.view({ kind: 'camera', id: camera as Id });
    return access(caller, { camera, zone: place ? zoneOf(place) : '' }, 'watch').allowed;
  });

/** `/api/v1/incidents`: declare an emergency, prolong it, close it. */
export function incidentRoutes(server: Server, services: HttpServices): void {
  const { cells, config } = services;
  const path = '/api/v1/incidents';
  const tags = ['incidents'];
  const params = Type.Object({ incident_id: IdSchema });

  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({ ...pageQuery, closed: Type.Optional(Type.Boolean()) }),
        response: { 200: listOf(IncidentSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const seen = cells
        .list('incident')
        .filter((view) => (request.query.closed || !isOver(view)) && watchesAny(services, caller, view));
      return pageOf(
        seen.map((view) => show(view, operatesAll(services, caller, view))),
        request.query,
      );
    },
  );

  server.post(
    path,
    { schema: { tags, body: DeclareSchema, response: { 200: IncidentSchema, 201: IncidentSchema } } },
    async (request, reply) => {
      const caller = callerOf(request);
      const said = request.body;
      const cameras = concerned(services, caller, said);
      const destinations = said.destinations ?? Object.keys(config.destinations);
      const unknown = destinations.find((name) => !Object.hasOwn(config.destinations, name));
      if (unknown !== undefined) throw missing(`destination ${unknown}`);
      const { key, zone = '', reason, minutes = MINUTES, drill = false, grants = {} } = said;
      const at = { kind: 'incident' as const, id: key === undefined ? newId('inc') : keyedId(key) };
      const known = cells.view(at);
      if (known && !isOver(known)) return repeated(known, caller);
      const event = {
        type: 'incident.declared',
        ...{ zone, cameras, reason, by: caller.sub, until: untilIn(minutes), drill, destinations },
        grants: { roles: grants.roles ?? [], subjects: grants.subjects ?? [] },
      };
      try {
        const { view } = await cells.create(at, event);
        return reply.code(201).send(show(view, true));
      } catch (error) {
        const twin = cells.view(at);
        if (error instanceof CellExists && twin) return repeated(twin, caller);
        throw error;
      }
    },
  );
  const repeated = (view: CellView, caller: LoginClaims) => {
    if (!operatesAll(services, caller, view)) throw denied();
    return show(view, true);
  };

  const found = (incident: string, caller: LoginClaims): CellView => {
    const view = cells.view({ kind: 'incident', id: id(incident) });
    if (!view || isOver(view)) throw missing(`running incident ${incident}`);
    if (!operatesAll(services, caller, view)) throw denied();
    return view;
  };
  const change = Type.Object({ minutes: Minutes }, { additionalProperties: false });
  server.patch(
    `${path}/:incident_id`,
    { schema: { tags, params, body: change, response: { 200: IncidentSchema } } },
    async (request) => {
      const caller = callerOf(request);
      const at = { kind: 'incident' as const, id: found(request.params.incident_id, caller).id };
      const event = { type: 'incident.renewed', until: untilIn(request.body.minutes), by: caller.sub };
      return show((await cells.offer(at, event)).view, true);
    },
  );
  server.delete(`${path}/:incident_id`, { schema: { tags, params } }, async (request, reply) => {
    const caller = callerOf(request);
    const at = { kind: 'incident' as const, id: found(request.params.incident_id, caller).id };
    await cells.offer(at, { type: 'incident.ended', by: caller.sub });
    return reply.code(204).send();
  });
}

/** The same key names the same incident. */
const keyedId = (key: string): Id => id(`inc_${createHash('sha256').update(key).digest('hex').slice(0, 26)}`);
