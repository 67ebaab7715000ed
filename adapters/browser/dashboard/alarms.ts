import { placed } from './emergency.ts';
import { type Fact, instant, type Json, text } from './model.ts';

/** Something that wants a person's look, as the gateways keep it. */
export interface Alarm {
  /** What is wrong and with what, as `no-source--cam_001`. */
  id: string;
  /** What a person calls it, and what is wrong with it. */
  title: string;
  text: string;
  /** The cameras whose tiles are marked. */
  cameras: string[];
  state: string;
  /** Since when it is in this state, epoch ms. */
  since: number;
  /** When it was raised, epoch ms. */
  raisedAt: number;
  /** Who takes care of it, and since when. */
  acknowledged?: { by: string; at: number; note: string };
  /** Its cause is away; when that stays so until then, it is over. */
  gone?: { text: string; until: number };
  /** Whether who looks may acknowledge it. */
  mayAcknowledge: boolean;
}

/** An alarm from an item of `GET /api/v1/alarms`, or from what a fact says. */
export function alarmOf(item: Json): Alarm {
  const { acknowledged, gone } = item as { acknowledged?: Json; gone?: Json };
  return {
    id: text(item.id),
    title: text(item.title),
    text: text(item.text),
    cameras: Array.isArray(item.cameras) ? item.cameras.map(String) : [],
    state: text(item.state),
    since: instant(item.since),
    raisedAt: instant(item.raised_at),
    ...(acknowledged && {
      acknowledged: {
        by: text(acknowledged.by_name ?? acknowledged.by),
        at: instant(acknowledged.at),
        note: text(acknowledged.note),
      },
    }),
    ...(gone && { gone: { text: text(gone.text), until: instant(gone.until) } }),
    mayAcknowledge: item.acknowledgeable === true,
  };
}

/** The alarms after a fact; whether one may acknowledge it is in no fact, the list tells it. */
export function hearAlarm(alarms: Alarm[], { kind, id, data }: Fact): Alarm[] {
  if (kind !== 'alarm') return alarms;
  const next = alarmOf({ ...data, id });
  return placed(alarms, next, next.state === 'cleared');
}

export const isUnanswered = ({ state }: Alarm): boolean => state === 'raised';

/** Those that nobody takes care of first, the newest of each first. */
export const inOrder = (alarms: readonly Alarm[]): Alarm[] =>
  alarms.toSorted(
    (one, other) =>
      Number(isUnanswered(other)) - Number(isUnanswered(one)) ||
      other.raisedAt - one.raisedAt ||
      one.id.localeCompare(other.id),
  );

/** How many there are, as the header says it. */
export function countOf(alarms: readonly Alarm[]): string {
  const open = alarms.filter(isUnanswered).length;
  if (open > 0) return open === 1 ? '1 alarm' : `${open} alarms`;
  return alarms.length > 0 ? `${alarms.length} acknowledged` : 'No alarms';
}
