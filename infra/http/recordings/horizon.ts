import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import type { CellView } from '../../../actors/cells.ts';
import type { RecordedPiece } from '../../../adapters/recordings.files.ts';
import { WhySchema } from '../../../bus/events/why.ts';
import type { Place, Rights } from '../../../machines/policy/access.ts';
import { grantsTo } from '../../../machines/policy/grants.ts';
import { type Horizon, lookBack } from '../../../machines/policy/history.ts';
import { type Caller, openings } from '../door.ts';
import { denied } from '../errors.ts';
import type { HttpServices } from '../services.ts';
import { viewerOf, zoneOf } from '../views.ts';

/** How far back somebody may look, as answers tell it; they tell nothing where there is no bound. */
export const HistoryTold = Type.Object(
  {
    from: Type.Number({ description: 'epoch ms: nothing from before it is shown' }),
    last_ms: Type.Optional(Type.Number({ description: 'it moves on with the clock, this long behind it' })),
    why: WhySchema,
  },
  { description: 'where looking back ends for whoever asks; absent: nowhere' },
);

/** A bound that moves would pass by the first pieces of a playlist before a player has them. */
const AHEAD_MS = 5_000;

type House = Pick<HttpServices, 'cells' | 'config'>;

function horizonOf({ config }: House, rights: Rights, place: Place): Horizon {
  const horizon = lookBack(rights, place, Date.now(), config.auth.history);
  if (!horizon.allowed) throw denied(horizon.why.reason);
  return horizon;
}

/** How far back whoever calls may look at a camera now. @throws Refusal when not at all */
export const horizonOfCaller = (house: House, caller: Caller, camera: CellView): Horizon =>
  horizonOf(house, caller, { camera: camera.id, zone: zoneOf(camera) });

/** How far back the session of a signed address may look now: incidents that opened more may be over. @throws Refusal when not at all */
export function horizonOfSession(house: House, session: CellView): Horizon {
  const { subject, camera, zone } = viewerOf(session);
  if (!subject) throw denied();
  return horizonOf(house, { ...subject, granted: grantsTo(openings(house), subject) }, { camera, zone });
}

/** What an answer tells of it. */
export const historyTold = ({ from, lastMs, why }: Horizon) =>
  from === 0 ? {} : { history: { from, ...(lastMs === undefined ? {} : { last_ms: lastMs }), why } };

/** The same for an answer that is no JSON. */
export function tellEarliest(reply: FastifyReply, { from }: Horizon): void {
  if (from > 0) reply.header('x-signalbox-earliest', String(Math.ceil(from)));
}

/** @param moment epoch ms: what is asked for, or what would be shown @throws Refusal when that lies too far back */
export function refuseBefore({ from, why }: Horizon, moment: number): void {
  if (moment < from) throw denied('history', { earliest: Math.ceil(from), why });
}

/** How many of the first pieces lie too far back to be listed. */
export function goneOf({ from, lastMs }: Horizon, pieces: readonly RecordedPiece[]): number {
  const listedFrom = from + (lastMs === undefined ? 0 : AHEAD_MS);
  const first = pieces.findIndex((piece) => piece.from >= listedFrom);
  return first < 0 ? pieces.length : first;
}

/** The pieces that may be shown, each by its own first picture. */
export const piecesSince = ({ from }: Horizon, pieces: readonly RecordedPiece[]): RecordedPiece[] =>
  pieces.filter((piece) => piece.from >= from);
