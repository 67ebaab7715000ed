import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { doer, doerIn } from '../../bus/events/doer.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { deviceRefusal } from './devices.ts';
import { doerOf } from './doing.ts';
import { callerOf, placeOf } from './door.ts';
import { Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';
import { isOver, ptzOf } from './views.ts';

const params = Type.Object({ camera_id: IdSchema });
const Speed = (text: string) => Type.Optional(Type.Number({ minimum: -1, maximum: 1, description: text }));
const USUAL_MS = 1_000;
const Move = Type.Object(
  {
    pan: Speed('-1 left, 1 right'),
    tilt: Speed('-1 down, 1 up'),
    zoom: Speed('-1 out, 1 in'),
    for_ms: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 10_000,
        description: `then it stops by itself, unless it is told again; ${USUAL_MS} unless said`,
      }),
    ),
  },
  { additionalProperties: false },
);
const NewPreset = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 64,
      pattern: '^(?=.*\\S)\\P{C}+$',
      description: 'one that exists is replaced',
    }),
  },
  { additionalProperties: false },
);
const PtzSchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['still', 'moving', 'going', 'stopping', 'saving', 'failed']),
  since: Type.Number({ description: 'epoch ms' }),
  why: WhySchema,
  holder: Type.Optional(
    Type.Object({ ...doer, until: Type.Number({ description: 'epoch ms; others wait until then' }) }),
  ),
});
const Presets = Type.Object({
  items: Type.Array(Type.Object({ token: Type.String(), name: Type.String() })),
  next: Type.Null(),
});

function show(view: CellView) {
  const { holder, state, since, why } = ptzOf(view);
  const held = holder && { holder: { ...doerIn(holder), until: holder.until } };
  return { id: view.id, state: state as 'still', since, why, ...held };
}

/** `/api/v1/cameras/:camera_id/ptz`: moving a camera, by a right of its own. */
export function ptzRoutes(server: Server, { cells, devices, credential }: HttpServices): void {
  const path = '/api/v1/cameras/:camera_id/ptz';
  const tags = ['cameras'];
  const moverOf = ({ id }: CellView): CellView => {
    const view = cells.view({ kind: 'ptz', id });
    if (view && !isOver(view)) return view;
    throw new Refusal(
      409,
      'no-ptz',
      `Camera ${id} can’t be moved from here: give it its ONVIF address (onvif: http://…).`,
    );
  };
  const presetsOf = (view: CellView) => {
    const { url, credential: reference } = ptzOf(view);
    const login = reference === undefined ? undefined : credential(reference);
    return devices.presets({ url, ...login }).catch((error) => {
      throw deviceRefusal(`Camera ${view.id} did not tell its presets`, error);
    });
  };
  const tell = async (view: CellView, caller: ReturnType<typeof callerOf>, event: { type: string }) => {
    const said = { ...event, ...doerOf(caller), role: caller.role };
    const after = (await cells.offer(view, said)).view;
    const { refusal } = ptzOf(after);
    if (refusal) throw new Refusal(409, refusal.reason ?? 'held', `Not now: ${refusal.text}.`, { why: refusal });
    return show(after);
  };

  server.get(path, { schema: { tags, params, response: { 200: PtzSchema } } }, async (request) =>
    show(moverOf(placeOf(request))),
  );
  server.get(`${path}/presets`, { schema: { tags, params, response: { 200: Presets } } }, async (request) => ({
    items: await presetsOf(moverOf(placeOf(request))),
    next: null,
  }));
  server.post(
    `${path}/move`,
    { schema: { tags, params, body: Move, response: { 202: PtzSchema } } },
    async (request, reply) => {
      const { pan = 0, tilt = 0, zoom = 0, for_ms = USUAL_MS } = request.body;
      if (pan === 0 && tilt === 0 && zoom === 0) {
        throw new Refusal(400, 'no-speed', 'Give pan, tilt or zoom a speed from -1 to 1; to end a move, use …/stop.');
      }
      const event = { type: 'ptz.move', pan, tilt, zoom, for_ms };
      return reply.code(202).send(await tell(moverOf(placeOf(request)), callerOf(request), event));
    },
  );
  server.post(`${path}/stop`, { schema: { tags, params, response: { 202: PtzSchema } } }, async (request, reply) =>
    reply.code(202).send(await tell(moverOf(placeOf(request)), callerOf(request), { type: 'ptz.stop' })),
  );
  server.post(
    `${path}/presets`,
    { schema: { tags, params, body: NewPreset, response: { 202: PtzSchema } } },
    async (request, reply) => {
      const event = { type: 'ptz.save', name: request.body.name.trim() };
      return reply.code(202).send(await tell(moverOf(placeOf(request)), callerOf(request), event));
    },
  );
  server.post(
    `${path}/preset`,
    {
      schema: {
        tags,
        params,
        body: Type.Object(
          { preset: Type.String({ minLength: 1, maxLength: 200, description: 'token of a preset' }) },
          { additionalProperties: false },
        ),
        response: { 202: PtzSchema },
      },
    },
    async (request, reply) => {
      const view = moverOf(placeOf(request));
      const { preset } = request.body;
      const known = (await presetsOf(view)).find(({ token }) => token === preset);
      if (!known)
        throw new Refusal(400, 'no-preset', `Camera ${view.id} has no preset "${preset}": ask for …/ptz/presets.`);
      const event = { type: 'ptz.preset', preset, name: known.name };
      return reply.code(202).send(await tell(view, callerOf(request), event));
    },
  );
}
