import { useFollowed } from '../hooks.ts';
import { describe, exactTime, type Naming } from './describe.ts';
import type { Past } from './past.ts';
import { step } from './timeline-model.ts';
import type { Travel } from './travel.ts';

const AROUND = 15;

/** The events around the moment as a table, for those who would rather read than look. */
export function EventTable({ past, travel, name }: { past: Past; travel: Travel; name: Naming }) {
  const { at, event, cameras } = useFollowed(travel);
  const { timeline } = useFollowed(past);
  const lanes = cameras.map((id) => `camera/${id}`);
  const around = (direction: 1 | -1) => {
    const found = [];
    let here = { at: at ?? Number.POSITIVE_INFINITY, seq: event };
    for (let count = 0; count < AROUND; count++) {
      const next = step(timeline.all, here, direction, lanes);
      if (!next) break;
      found.push(next);
      here = next;
    }
    return found;
  };
  const present = event === undefined ? [] : timeline.all.filter(({ seq }) => seq === event);
  const rows = [...around(-1).reverse(), ...present, ...around(1)];
  if (rows.length === 0) return <p class="hint">Nothing has happened.</p>;
  return (
    <table class="event-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.seq} class={row.seq === event ? 'present' : ''}>
            <td>
              <button type="button" onClick={() => travel.go(row.at, row.seq)}>
                {exactTime(row.at)}
              </button>
            </td>
            <td>{describe(row, name)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
