import { setImmediate as breathe } from 'node:timers/promises';
import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { type CellThen, pastFrom } from '../../actors/past.ts';
import { succession } from '../../actors/whatif/gateway.ts';
import { type Loss, type Seating, whatIf } from '../../actors/whatif.ts';
import { WhySchema } from '../../bus/events/why.ts';
import { IdSchema } from '../../bus/identity.ts';
import { KINDS } from '../../bus/subjects.ts';
import { place } from '../../machines/policy/placement.ts';
import { LEASE } from '../gateway/tenure.ts';
import { callerOf } from './door.ts';
import { missing, Refusal } from './errors.ts';
import type { Server } from './fastify.ts';
import { zonesBy } from './hearing.ts';
import { standingOf } from './placing.ts';
import { regionOf } from './region.ts';
import type { HttpServices } from './services.ts';
import { mayTouch, redacted } from './sight.ts';
import { cameraOf, isOver, relayOf, viewerOf } from './views.ts';

const closed = { additionalProperties: false };
const LossSchema = Type.Union([
  Type.Object({ relay: IdSchema }, closed),
  Type.Object({ region: IdSchema }, closed),
  Type.Object({ source: Type.Object({ camera: IdSchema, source: IdSchema }, closed) }, closed),
  Type.Object(
    { gateway: Type.Union([Type.Literal(true), IdSchema], { description: 'its name; true is the one that is asked' }) },
    closed,
  ),
]);
type Asked = Type.Static<typeof LossSchema>;
const bodySchema = Type.Object(
  {
    lose: LossSchema,
    at: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 8_640_000_000_000_000,
        description: 'epoch ms of a past state; default now',
      }),
    ),
  },
  closed,
);

const AnswerSchema = Type.Object({
  at: Type.Number({ description: 'epoch ms' }),
  steps: Type.Array(
    Type.Object({
      at_ms: Type.Number({ description: 'since the loss' }),
      kind: Type.Enum([...KINDS]),
      id: Type.String(),
      camera: Type.Optional(Type.String()),
      from: Type.String({ description: 'the state, or of a move the relay, before' }),
      to: Type.String({ description: 'and after; empty when no relay can carry a viewer' }),
      why: WhySchema,
    }),
  ),
  moved: Type.Integer({ description: 'viewers carried on by another relay' }),
  stranded: Type.Integer({ description: 'viewers that no relay can carry on' }),
  dark: Type.Array(Type.Object({ camera: Type.String(), for_ms: Type.Union([Type.Number(), Type.Null()]) })),
  simulated_ms: Type.Number(),
  note: Type.Optional(Type.String()),
  gateway: Type.Optional(
    Type.Object({
      lost: Type.String(),
      only: Type.Boolean({ description: 'nobody else is there' }),
      heirs: Type.Array(
        Type.Object({
          gateway: Type.String(),
          cells: Type.Record(Type.String(), Type.Integer(), { description: 'how many of each kind it would take up' }),
        }),
      ),
      pause_ms: Type.Union([Type.Object({ shortest: Type.Number(), longest: Type.Number() }), Type.Null()], {
        description: 'how long nothing is decided about its cells; null: until a gateway is started',
      }),
      goes_on: Type.Array(Type.String()),
      pauses: Type.Array(Type.String()),
      gone: Type.Array(Type.String({ description: 'what does not come back' })),
    }),
  ),
});

/** Where a viewer goes on, decided as in earnest. */
const seatIn =
  (services: HttpServices) =>
  (viewer: CellView, relays: readonly CellView[], loadOf: (relay: string) => number): Seating => {
    const standings = relays.map((relay) => standingOf(services, relay, loadOf(relay.id)));
    const { config, findPlace } = services;
    return place(standings, { region: regionOf(viewerOf(viewer).address, config.regions, findPlace) });
  };

/** What is lost, by name. @throws Refusal 404 when there is no such thing */
function lossOf(asked: Exclude<Asked, { gateway: unknown }>, views: readonly CellView[]): Loss {
  const relays = views.filter((view) => view.kind === 'relay' && !isOver(view));
  if ('relay' in asked) {
    if (!relays.some(({ id }) => id === asked.relay)) throw missing(`relay ${asked.relay}`);
    return { relays: [asked.relay], sources: [] };
  }
  if ('region' in asked) {
    const inRegion = relays.filter((relay) => relayOf(relay).region === asked.region).map(({ id }) => id);
    if (inRegion.length === 0) throw missing(`relay in region ${asked.region}`);
    return { relays: inRegion, sources: [] };
  }
  const { camera, source } = asked.source;
  const view = views.find(({ kind, id }) => kind === 'camera' && id === camera);
  const known = view && cameraOf(view).settings?.sources.some(({ id }) => id === source);
  if (!known) throw missing(`source ${source} of camera ${camera}`);
  return { relays: [], sources: [{ camera, source }] };
}

/** What would follow from the loss of a gateway, of what the caller may see. @throws Refusal 404 when there is none */
function loseGateway(name: string | true, cells: readonly CellThen[], isNow: boolean, { node, members }: HttpServices) {
  // Who was there in the past is known by what they held.
  const living = isNow ? members() : [...new Set(cells.map((cell) => cell.node))].toSorted();
  const lost = name === true ? node : name;
  if (!living.includes(lost)) throw missing(`gateway ${lost}`);
  return (mine: (cell: CellThen) => boolean) => {
    const { steps, ...gateway } = succession(cells.filter(mine), lost, living, LEASE);
    const note = gateway.only
      ? `Pictures go on without ${lost}. Nothing is decided until a gateway is started.`
      : `Pictures go on without ${lost}. The other gateways take up its cells as they are.`;
    return { simulated_ms: gateway.pause_ms?.longest ?? 0, moved: 0, stranded: 0, steps, dark: [], note, gateway };
  };
}

/** `POST /api/v1/whatif`: what would follow from a loss, now or at a moment of the past. Nothing real is touched. */
export function whatIfRoutes(server: Server, services: HttpServices): void {
  const { journal } = services;
  const zoneNow = zonesBy(services);
  let isRunning = false;
  server.post(
    '/api/v1/whatif',
    { schema: { tags: ['events'], body: bodySchema, response: { 200: AnswerSchema } } },
    async (request) => {
      const caller = callerOf(request);
      const { lose, at = Date.now() } = request.body;
      const isNow = request.body.at === undefined;
      // A simulation of thousands of cells takes a good part of a core.
      if (isRunning) throw new Refusal(429, 'too-many', 'Another what-if is being worked out here.', {}, 2);
      isRunning = true;
      try {
        const { past } = await pastFrom(journal, { at });
        const cells = past.cells();
        const views = new Map(cells.map(({ view }) => [`${view.kind}/${view.id}`, view]));
        const mine = (key: string) => {
          const view = views.get(key);
          return view !== undefined && mayTouch(caller, view, zoneNow);
        };
        if ('gateway' in lose) {
          const loss = loseGateway(lose.gateway, cells, isNow, services);
          return { at, ...loss(({ view }) => mayTouch(caller, view, zoneNow)) };
        }
        const loss = lossOf(
          lose,
          [...views.values()].filter((view) => mayTouch(caller, view, zoneNow)),
        );
        const settle = async () => void (await breathe());
        const answer = await whatIf(cells, at, loss, { settle, seat: seatIn(services) });
        const steps = answer.steps.filter(({ kind, id }) => mine(`${kind}/${id}`));
        const countMine = (viewers: string[]) => viewers.filter((viewer) => mine(`viewer/${viewer}`)).length;
        return {
          at,
          simulated_ms: answer.simulated_ms,
          moved: countMine(answer.moved),
          stranded: countMine(answer.stranded),
          steps: steps.map((step) => ({ ...step, why: redacted(caller, undefined, step.why) })),
          dark: answer.dark.filter(({ camera }) => mine(`camera/${camera}`)),
        };
      } finally {
        isRunning = false;
      }
    },
  );
}
