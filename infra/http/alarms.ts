import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { AcknowledgedSchema, TroubleSchema } from '../../bus/events/alarm.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { AcknowledgeSchema, acknowledgeAlarm, mayWith, wasRaised } from './acknowledging.ts';
import { callerOf } from './door.ts';
import type { Server } from './fastify.ts';
import { listOf, pageOf, pageQuery } from './paging.ts';
import type { HttpServices } from './services.ts';
import { alarmOf, isOver } from './views.ts';

const AlarmSchema = Type.Object({
  id: Type.String(),
  ...TroubleSchema.properties,
  state: Type.Enum(['raised', 'acknowledged', 'cleared']),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  raised_at: Type.Number({ description: 'epoch ms' }),
  acknowledged: Type.Optional(AcknowledgedSchema),
  gone: Type.Optional(
    Type.Object(
      {
        at: Type.Number({ description: 'epoch ms' }),
        until: Type.Number({ description: 'epoch ms; then it is over, unless its cause comes back' }),
        text: Type.String({ description: 'how it stands instead' }),
      },
      { description: 'its cause is away, and may come back' },
    ),
  ),
  acknowledgeable: Type.Boolean({ description: 'whether the caller may acknowledge it, and nobody has' }),
});

function show(view: CellView, may: boolean) {
  const { cause, about, title, text, cameras, zone, raisedAt: raised_at, acknowledged, gone } = alarmOf(view);
  const { id, state, since, why } = view;
  return {
    ...{ id, cause, about, title, text, cameras, zone, state: state as 'raised', since, why, raised_at },
    ...(acknowledged ? { acknowledged } : {}),
    ...(gone && !isOver(view) ? { gone } : {}),
    acknowledgeable: may && state === 'raised',
  };
}

/** `/api/v1/alarms`: what wants a person's look, who takes care of it, and since when. */
export function alarmRoutes(server: Server, services: HttpServices): void {
  const path = '/api/v1/alarms';
  const tags = ['alarms'];
  const cleared = Type.Optional(Type.Boolean({ description: 'also those that were over within a day' }));
  server.get(
    path,
    {
      schema: {
        tags,
        querystring: Type.Object({ ...pageQuery, cleared }),
        response: { 200: listOf(AlarmSchema) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const heard = services.cells
        .list('alarm')
        .filter((view) => wasRaised(view) && (request.query.cleared || !isOver(view)))
        .filter((view) => mayWith(services, caller, view, 'hear'));
      return pageOf(
        heard.map((view) => show(view, mayWith(services, caller, view, 'acknowledge'))),
        request.query,
      );
    },
  );
  server.post(
    `${path}/:alarm_id/acknowledge`,
    {
      schema: {
        tags,
        params: Type.Object({ alarm_id: IdSchema }),
        body: AcknowledgeSchema,
        response: { 200: AlarmSchema },
      },
    },
    async (request) => {
      const { alarm_id: alarm } = request.params;
      return show(await acknowledgeAlarm(services, callerOf(request), alarm, request.body), true);
    },
  );
}
