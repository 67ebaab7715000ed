import { type PushStanding, pusher } from '../machines/policy/pushing.ts';
import type { Cells } from './cells.ts';

/** The relay that is to push a broadcast from now on, seen from the living cells. */
export function choosePusher(cells: Pick<Cells, 'list'>): ReturnType<typeof pusher> {
  const pushes = new Map<unknown, number>();
  for (const { tags, context } of cells.list('broadcast')) {
    if (tags.includes('wanted')) pushes.set(context.relay, (pushes.get(context.relay) ?? 0) + 1);
  }
  const standings = cells
    .list('relay')
    .filter(({ context }) => context.role === 'delivery')
    .map(({ id, state, tags }): PushStanding => {
      return { id, state, serving: tags.includes('serving'), pushes: pushes.get(id) ?? 0 };
    });
  return pusher(standings);
}
