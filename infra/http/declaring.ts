import { createHash } from 'node:crypto';
import Type from 'typebox';
import { CellExists, type CellView } from '../../actors/cells.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { type History, type HistoryWish, HistoryWishSchema } from '../../bus/events/history.ts';
import { GrantsSchema } from '../../bus/events/incident.ts';
import { type Id, IdSchema, id, newId } from '../../bus/identity.ts';
import { access, inZone } from '../../machines/policy/access.ts';
import { lookBack, settled } from '../../machines/policy/history.ts';
import { doerOf } from './doing.ts';
import { type Caller, permittedCamera } from './door.ts';
import { denied, missing, Refusal } from './errors.ts';
import type { HttpServices } from './services.ts';
import { incidentOf, isOver, zoneOf } from './views.ts';

/** How long an incident may last from now on. */
export const Minutes = Type.Integer({ minimum: 1, maximum: 24 * 60 });

/** What somebody says who declares an incident. */
export const DeclareSchema = Type.Object(
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
    grants: Type.Optional(
      Type.Partial(
        Type.Object({ ...GrantsSchema.properties, history: HistoryWishSchema }, { additionalProperties: false }),
      ),
    ),
  },
  { additionalProperties: false },
);
type Declaration = Type.Static<typeof DeclareSchema>;

/** What incidents need of the house, over HTTP and over the bus. */
export interface IncidentHouse {
  cells: HttpServices['cells'];
  config: Pick<HttpServices['config'], 'destinations'> & { auth: Pick<HttpServices['config']['auth'], 'history'> };
}

const MINUTES = 60;
const untilIn = (minutes: number): number => systemClock.now() + minutes * 60_000;

/** The cameras that an incident is about; the caller must operate each. @throws Refusal */
function concerned({ cells }: IncidentHouse, caller: LoginClaims, { zone, cameras }: Declaration): Id[] {
  if ((zone === undefined) === (cameras === undefined)) {
    throw new Refusal(400, 'bad-request', 'Say either a zone or the cameras that it is about.');
  }
  if (cameras) return [...new Set(cameras)].map((camera) => permittedCamera({ cells }, caller, camera, 'operate').id);
  const within = cells
    .list('camera')
    .filter((view) => !isOver(view) && inZone(zoneOf(view), zone as string))
    .filter((view) => access(caller, { camera: view.id, zone: zoneOf(view) }, 'operate').allowed);
  if (within.length === 0) throw missing(`camera of yours in the zone ${zone}`);
  return within.map(({ id }) => id);
}

/** Whether somebody may do something to every camera of an incident, or to one of them at least. */
export function mayOf({ cells }: Pick<IncidentHouse, 'cells'>, caller: LoginClaims, view: CellView) {
  const allows = (action: 'watch' | 'operate') => (camera: string) => {
    const place = cells.view({ kind: 'camera', id: camera as Id });
    return access(caller, { camera, zone: place ? zoneOf(place) : '' }, action).allowed;
  };
  const { cameras } = incidentOf(view);
  return { operateAll: cameras.every(allows('operate')), watchAny: cameras.some(allows('watch')) };
}

/** Declares an incident; one that runs under the same key is told again. @throws Refusal */
export async function declareIncident(
  house: IncidentHouse,
  caller: LoginClaims,
  said: Declaration,
): Promise<{ view: CellView; begun: boolean }> {
  const { cells, config } = house;
  const cameras = concerned(house, caller, said);
  const destinations = said.destinations ?? Object.keys(config.destinations);
  const unknown = destinations.find((name) => !Object.hasOwn(config.destinations, name));
  if (unknown !== undefined) throw missing(`destination ${unknown}`);
  const { key, zone = '', reason, minutes = MINUTES, drill = false, grants = {} } = said;
  const at = { kind: 'incident' as const, id: key === undefined ? newId('inc') : keyedId(key) };
  const repeated = (view: CellView) => {
    if (!mayOf(house, caller, view).operateAll) throw denied();
    return { view, begun: false };
  };
  const known = cells.view(at);
  if (known && !isOver(known)) return repeated(known);
  const history = grants.history && historyFor(house, caller, cameras, grants.history);
  const event = {
    type: 'incident.declared',
    ...{ zone, cameras, reason, ...doerOf(caller), until: untilIn(minutes), drill, destinations },
    grants: { roles: grants.roles ?? [], subjects: grants.subjects ?? [], ...(history ? { history } : {}) },
  };
  try {
    return { view: (await cells.create(at, event)).view, begun: true };
  } catch (error) {
    const twin = cells.view(at);
    if (error instanceof CellExists && twin) return repeated(twin);
    throw error;
  }
}

/** How far back the guests may look: no further than whoever lets them in may at that moment. @throws Refusal */
function historyFor(
  { cells, config }: IncidentHouse,
  caller: Caller,
  cameras: readonly Id[],
  wish: HistoryWish,
): History {
  // Recordings are on the clock of the wall.
  const now = Date.now();
  const history = settled(wish, now);
  const from = 'since' in history ? history.since : now - history.last_ms;
  for (const camera of cameras) {
    const view = cells.view({ kind: 'camera', id: camera });
    const own = lookBack(caller, { camera, zone: view ? zoneOf(view) : '' }, now, config.auth.history);
    if (from < own.from) throw denied('history', { camera, earliest: own.from, why: own.why });
  }
  return history;
}

/** A running incident that somebody may prolong and close. @throws Refusal */
function ofTheirs(house: IncidentHouse, caller: LoginClaims, incident: string): CellView {
  const view = house.cells.view({ kind: 'incident', id: id(incident) });
  if (!view || isOver(view)) throw missing(`running incident ${incident}`);
  if (!mayOf(house, caller, view).operateAll) throw denied();
  return view;
}

/** Prolongs an incident, counted from now. @throws Refusal */
export async function renewIncident(house: IncidentHouse, caller: LoginClaims, incident: string, minutes: number) {
  const at = { kind: 'incident' as const, id: ofTheirs(house, caller, incident).id };
  const event = { type: 'incident.renewed', until: untilIn(minutes), ...doerOf(caller) };
  return (await house.cells.offer(at, event)).view;
}

/** Closes an incident. @throws Refusal */
export async function closeIncident(house: IncidentHouse, caller: LoginClaims, incident: string) {
  const at = { kind: 'incident' as const, id: ofTheirs(house, caller, incident).id };
  return (await house.cells.offer(at, { type: 'incident.ended', ...doerOf(caller) })).view;
}

/** The same key names the same incident. */
const keyedId = (key: string): Id => id(`inc_${createHash('sha256').update(key).digest('hex').slice(0, 26)}`);
