import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { doer, doerIn } from '../../bus/events/doer.ts';
import { GrantsSchema, INCIDENT_STATES, type IncidentState } from '../../bus/events/incident.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { closeIncident, DeclareSchema, declareIncident, Minutes, mayOf, renewIncident } from './declaring.ts';
import { callerOf } from './door.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { incidentOf, isOver } from './views.ts';

const IncidentSchema = Type.Object({
  id: Type.String(),
  zone: Type.String(),
  cameras: Type.Array(Type.String()),
  reason: Type.String(),
  ...doer,
  until: Type.Number({ description: 'epoch ms at which it ends by itself' }),
  drill: Type.Boolean(),
  destinations: Type.Array(Type.String()),
  grants: Type.Optional(GrantsSchema),
  state: Type.Enum([...INCIDENT_STATES]),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
});

/** An incident as its operators see it; whom it lets in is theirs alone to know. */
function show(view: CellView, operates: boolean) {
  const incident = incidentOf(view);
  const { zone, cameras, reason, until, drill, destinations, grants } = incident;
  const { state, since, why } = view;
  const open = {
    id: view.id,
    zone,
    cameras,
    reason,
    ...doerIn(incident),
    until,
    drill,
    destinations,
    state: state as IncidentState,
    since,
    why,
  };
  return operates ? { ...open, grants } : open;
}

/** `/api/v1/incidents`: declare an emergency, prolong it, close it. */
export function incidentRoutes(server: Server, services: HttpServices): void {
  const { cells } = services;
  const path = '/api/v1/incidents';
  const tags = ['incidents'];
  const params = Type.Object({ incident_id: IdSchema });

  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({
          ...pageQuery,
          closed: Type.Optional(Type.Boolean({ description: 'also those that were closed within a day' })),
        }),
        response: { 200: listOf(IncidentSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const seen = cells
        .list('incident')
        .filter((view) => (request.query.closed || !isOver(view)) && mayOf(services, caller, view).watchAny);
      return pageOf(
        seen.map((view) => show(view, mayOf(services, caller, view).operateAll)),
        request.query,
      );
    },
  );

  server.post(
    path,
    { schema: { tags, body: DeclareSchema, response: { 200: IncidentSchema, 201: IncidentSchema } } },
    async (request, reply) => {
      const { view, begun } = await declareIncident(services, callerOf(request), request.body);
      return reply.code(begun ? 201 : 200).send(show(view, true));
    },
  );

  const change = Type.Object({ minutes: Minutes }, { additionalProperties: false });
  server.patch(
    `${path}/:incident_id`,
    { schema: { tags, params, body: change, response: { 200: IncidentSchema } } },
    async (request) => {
      const { incident_id: incident } = request.params;
      return show(await renewIncident(services, callerOf(request), incident, request.body.minutes), true);
    },
  );
  server.delete(`${path}/:incident_id`, { schema: { tags, params } }, async (request, reply) => {
    await closeIncident(services, callerOf(request), request.params.incident_id);
    return reply.code(204).send();
  });
}
