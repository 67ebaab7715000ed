import Type from 'typebox';
import type { Cells, CellView } from '../../actors/cells.ts';
import type { LoginClaims } from '../../adapters/gate.jsonwebtoken.ts';
import { LONGEST_NOTE } from '../../bus/events/alarm.ts';
import { isId } from '../../bus/identity.ts';
import { isAtLeast } from '../../machines/policy/access.ts';
import { type AlarmAction, mayAlarm } from '../../machines/policy/alarm-rights.ts';
import { doerOf } from './doing.ts';
import { denied, missing, Refusal } from './errors.ts';
import { alarmOf, zoneOf } from './views.ts';

/** What somebody may say who acknowledges an alarm. */
export const AcknowledgeSchema = Type.Object(
  {
    note: Type.Optional(
      Type.String({ minLength: 1, maxLength: LONGEST_NOTE, description: 'for the others: what is being done' }),
    ),
  },
  { additionalProperties: false },
);

/** What was once raised: who suspects something has told nobody yet. */
export const wasRaised = (view: CellView): boolean => alarmOf(view).raisedAt > 0 && view.state !== 'suspected';

/** Whether somebody may know of an alarm, or acknowledge it, by where its cameras are now. */
export function mayWith(
  { cells }: { cells: Pick<Cells, 'view'> },
  caller: LoginClaims,
  view: CellView,
  wanted: AlarmAction,
): boolean {
  return mayAlarm(caller, alarmOf(view), wanted, (camera) => {
    const place = isId(camera) ? cells.view({ kind: 'camera', id: camera }) : undefined;
    return place && zoneOf(place);
  });
}

/**
 * Acknowledges an alarm for everybody; one that was acknowledged already stays with who did it first.
 * @throws Refusal when there is none, it is over, or the caller does not operate all that it is about
 */
export async function acknowledgeAlarm(
  house: { cells: Cells },
  caller: LoginClaims,
  alarm: string,
  { note }: Type.Static<typeof AcknowledgeSchema>,
): Promise<CellView> {
  const view = isId(alarm) ? house.cells.view({ kind: 'alarm', id: alarm }) : undefined;
  if (!view || !wasRaised(view)) throw isAtLeast(caller.role, 'operator') ? missing(`alarm ${alarm}`) : denied();
  if (!mayWith(house, caller, view, 'acknowledge')) throw denied();
  if (view.tags.includes('over')) {
    throw new Refusal(409, 'cleared', `It is over: ${view.why.text}.`, { why: view.why });
  }
  if (view.tags.includes('acknowledged')) return view;
  const event = { type: 'alarm.acknowledged', ...doerOf(caller), ...(note === undefined ? {} : { note }) };
  return (await house.cells.offer(view, event)).view;
}
