import Type from 'typebox';
import type { CellView } from '../../actors/cells.ts';
import { serviceState, serviceSub } from '../../adapters/service-tokens.files.ts';
import { type HistoryWish, HistoryWishSchema } from '../../bus/events/history.ts';
import { SubjectSchema } from '../../bus/events/viewer.ts';
import { IdSchema } from '../../bus/identity.ts';
import { ACTIONS, type Action, access, type Rights } from '../../machines/policy/access.ts';
import { type Horizon, lookBack, settled } from '../../machines/policy/history.ts';
import { callerOf, permittedCamera } from './door.ts';
import type { Server } from './fastify.ts';
import { RULES } from './roles.ts';
import type { HttpServices } from './services.ts';
import { incidentOf, isOpen, isOver, viewerOf, zoneOf } from './views.ts';

const ActionSchema = Type.Enum([...ACTIONS]);
const HolderSchema = Type.Object({
  kind: Type.Enum(['person', 'service', 'provider', 'incident', 'session'], {
    description: 'provider: everybody whom a rule of the identity provider fits',
  }),
  id: Type.String(),
  subject: Type.String({ description: 'who: the `sub` of its tokens, or the rule that lets them in' }),
  name: Type.Optional(Type.String()),
  role: Type.Optional(SubjectSchema.properties.role),
  may: Type.Array(ActionSchema),
  history: Type.Optional(HistoryWishSchema),
  why: Type.String(),
  until: Type.Optional(Type.Number({ description: 'epoch ms; absent: until somebody takes it back' })),
});
type Holder = Type.Static<typeof HolderSchema>;
const RightsSchema = Type.Object({
  camera: Type.String(),
  zone: Type.String(),
  holders: Type.Array(HolderSchema),
  routes: Type.Record(Type.String(), Type.Array(Type.String()), {
    description: 'what each right opens, by the table that the door enforces',
  }),
  unlisted: Type.String({ description: 'who may hold a right and is kept nowhere' }),
});

const UNLISTED =
  'Tokens made with `signalbox token`, one-time links and those of an external issuer are kept nowhere: who holds one appears while watching.';

/** What each right to a camera opens, by the one table that the door enforces. */
export const routesByAction = (): Record<Action, string[]> =>
  Object.fromEntries(
    ACTIONS.map((action) => [action, Object.keys(RULES).filter((key) => RULES[key]?.camera === action)]),
  ) as Record<Action, string[]>;

/** Who holds which right to a camera, from everything that grants one. */
export function holdersOf(services: HttpServices, camera: CellView, now: number): Holder[] {
  const place = { camera: camera.id, zone: zoneOf(camera) };
  const held = (who: Pick<Holder, 'kind' | 'id' | 'subject' | 'name' | 'until'>, rights: Rights): Holder[] => {
    const verdicts = ACTIONS.map((action) => ({ action, ...access(rights, place, action) }));
    const may = verdicts.filter(({ allowed }) => allowed).map(({ action }) => action);
    const why = verdicts.find(({ allowed }) => allowed)?.why.text ?? '';
    const reach = reachOf(lookBack(rights, place, now, services.config.auth.history));
    return may.length === 0 ? [] : [{ ...who, role: rights.role, may, ...reach, why }];
  };
  const people = services.people
    .list()
    .flatMap((one) => held({ kind: 'person', id: one.id, subject: one.id, ...named(one.name) }, one));
  const programs = services.serviceTokens
    .list()
    .filter((one) => serviceState(one, now) === 'active')
    .flatMap((one) => {
      const { id, name, expires_at: until } = one;
      return held({ kind: 'service', id, subject: serviceSub(one), name, until }, one);
    });
  const rules = (services.config.auth.oidc?.rights ?? []).flatMap((rule, index) => {
    const subject = rule.claim === undefined ? 'everybody there' : `${rule.claim} = ${rule.value}`;
    const { history, ...others } = rule;
    // Each sign-in is a grant: from now on, whoever signed in before.
    const rights = { ...others, ...(history ? { history: settled(history, now) } : {}) };
    const holders = held({ kind: 'provider', id: `rule ${index + 1}`, subject }, rights);
    return history === 'since_grant' ? holders.map((one) => ({ ...one, history })) : holders;
  });
  return [...people, ...programs, ...rules, ...openedTo(services, camera), ...watching(services, camera)];
}

/** How far back that is; nothing where it has no bound. */
function reachOf({ allowed, from, lastMs }: Horizon): { history?: HistoryWish } {
  if (!allowed || from === 0) return {};
  return { history: lastMs === undefined ? { since: from } : { last_ms: lastMs } };
}

const named = (name: string | undefined) => (name === undefined ? {} : { name });

/** Whom running incidents let in. */
const openedTo = ({ cells }: HttpServices, camera: CellView): Holder[] =>
  cells
    .list('incident')
    .filter((view) => !isOver(view) && incidentOf(view).cameras.includes(camera.id))
    .flatMap((view) => {
      const { grants, reason, until } = incidentOf(view);
      const subjects = [...grants.subjects, ...grants.roles.map((role) => `every ${role}`)];
      const why = `an incident that runs opens it: ${reason}`;
      const { history } = grants;
      const opened: Pick<Holder, 'may' | 'history'> = history
        ? { may: ['watch', 'review'], history }
        : { may: ['watch'] };
      return subjects.map((subject): Holder => ({ kind: 'incident', id: view.id, subject, ...opened, why, until }));
    });

/** Who watches it now, by whatever right they came in. */
const watching = ({ cells }: HttpServices, camera: CellView): Holder[] =>
  cells
    .list('viewer')
    .filter((view) => isOpen(view) && viewerOf(view).camera === camera.id)
    .map((view): Holder => {
      const { subject, protocol, expires_at: until } = viewerOf(view);
      const why = `a session over ${protocol} is open`;
      const role = subject ? { role: subject.role } : {};
      const who = { subject: subject?.sub ?? '', ...named(subject?.name), ...role };
      return { kind: 'session', id: view.id, ...who, may: ['watch'], why, until };
    });

/** `GET /api/v1/rights?camera=`: who holds which right to a camera. */
export function rightsRoutes(server: Server, services: HttpServices): void {
  server.get(
    '/api/v1/rights',
    { schema: { tags: ['rights'], querystring: Type.Object({ camera: IdSchema }), response: { 200: RightsSchema } } },
    async (request) => {
      const camera = permittedCamera(services, callerOf(request), request.query.camera, 'administer');
      const holders = holdersOf(services, camera, Date.now());
      return { camera: camera.id, zone: zoneOf(camera), holders, routes: routesByAction(), unlisted: UNLISTED };
    },
  );
}
