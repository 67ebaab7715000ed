import type { Camera, Relay } from '../model.ts';
import type { Timeline } from './timeline-model.ts';

/** One line of the time line: a lane, or the name of the zone above its lanes. */
export interface Row {
  /** Empty for the name of a zone. */
  lane: string;
  label: string;
  top: number;
  height: number;
}

/** Heights of rows; on a narrow screen the name stands above the band. */
export interface RowHeights {
  zone: number;
  lane: number;
}

export const WIDE: RowHeights = { zone: 26, lane: 36 };
export const NARROW: RowHeights = { zone: 26, lane: 58 };
/** What stands below the cameras, under which heading. */
const BELOW: Record<string, string> = { relay: 'Relays', incident: 'Emergencies', broadcast: 'On air' };

/** All rows: cameras by zone, then relays and what else there is. Cameras that are gone are shown as long as something is known of them. */
export function rowsOf(
  cameras: readonly Camera[],
  relays: readonly Relay[],
  timeline: Timeline,
  heights: RowHeights,
): Row[] {
  const lanes = new Map<string, { label: string; zone: string }>();
  for (const { id, name, zone } of cameras) lanes.set(`camera/${id}`, { label: name, zone });
  for (const { id } of relays) lanes.set(`relay/${id}`, { label: id, zone: BELOW.relay ?? '' });
  for (const { id: lane } of timeline.lanes.values()) {
    const [kind = '', id = ''] = lane.split('/');
    const zone = kind === 'camera' ? 'Removed cameras' : BELOW[kind];
    if (zone !== undefined && !lanes.has(lane)) lanes.set(lane, { label: id, zone });
  }
  const zones = [...new Set([...lanes.values()].map(({ zone }) => zone))].sort(byName);
  const rows: Row[] = [];
  let top = 0;
  const add = (lane: string, label: string, height: number): void => {
    rows.push({ lane, label, top, height });
    top += height;
  };
  for (const zone of zones) {
    add('', zone, heights.zone);
    for (const [lane, { label, zone: own }] of lanes) if (own === zone) add(lane, label, heights.lane);
  }
  return rows;
}

/** The row at a height, counted from the first row's top. */
export const rowAt = (rows: readonly Row[], y: number): Row | undefined =>
  rows.find(({ top, height }) => y >= top && y < top + height);

const byName = (a: string, b: string): number =>
  Object.values(BELOW).indexOf(a) - Object.values(BELOW).indexOf(b) || (a < b ? -1 : a > b ? 1 : 0);
