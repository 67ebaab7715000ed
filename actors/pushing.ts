import { createHash } from 'node:crypto';
import { type Doer, doerIn } from '../bus/events/doer.ts';
import type { Why } from '../bus/events/why.ts';
import { type Id, id, isId } from '../bus/identity.ts';
import { type PushStanding, pusher } from '../machines/policy/pushing.ts';
import type { Cells, CellView } from './cells.ts';

/** No relay can push just now. */
export class NoPusher extends Error {
  override name = 'NoPusher';
  readonly why: Why;
  constructor(why: Why) {
    super(why.text);
    this.why = why;
  }
}

/**
 * The relay that is to push a broadcast from now on, seen from the living cells.
 * @param able which relays could
 */
export function choosePusher(
  cells: Pick<Cells, 'list'>,
  able: (relay: string) => boolean = () => true,
): ReturnType<typeof pusher> {
  const pushes = new Map<unknown, number>();
  for (const { tags, context } of cells.list('broadcast')) {
    if (tags.includes('wanted')) pushes.set(context.relay, (pushes.get(context.relay) ?? 0) + 1);
  }
  const standings = cells
    .list('relay')
    .filter(({ context, tags }) => context.role === 'delivery' && !tags.includes('over'))
    .map(({ id, state, tags, context }): PushStanding => {
      const pulls = context.pull !== undefined;
      return { id, state, serving: tags.includes('serving'), pushes: pushes.get(id) ?? 0, pulls, able: able(id) };
    });
  return pusher(standings);
}

/** One broadcast for each camera and destination: asked for twice, it is the same one. */
function broadcastId(camera: string, destination: string): Id {
  const both = `${camera}--${destination}`;
  if (isId(both)) return both;
  return id(`${camera.slice(0, 40)}--${createHash('sha256').update(both).digest('hex').slice(0, 16)}`);
}

/** What is asked for. */
export interface BroadcastWish extends Doer {
  camera: Id;
  destination: string;
  /** Address of the destination, without its stream key. */
  to: string;
  /** An encoder makes what the destination asks for. */
  encoded: boolean;
  /** Relays beside which an encoder can work; default: all. */
  encodesAt?(relay: string): boolean;
}

/**
 * Has a camera pushed to a destination; one that is wanted already is left as it is.
 * @throws NoPusher when no relay serves, or what offering to a cell throws
 */
export async function requestBroadcast(
  cells: Cells,
  { camera, destination, to, encoded, encodesAt, ...wisher }: BroadcastWish,
): Promise<{ view: CellView; begun: boolean }> {
  const at = { kind: 'broadcast' as const, id: broadcastId(camera, destination) };
  const former = cells.view(at);
  if (former?.tags.includes('wanted')) return { view: former, begun: false };
  const { relay, why } = choosePusher(cells, encoded ? encodesAt : undefined);
  if (relay === undefined) throw new NoPusher(why);
  const place = cells.view({ kind: 'camera', id: camera });
  const { zone = '' } = (place?.context.settings ?? {}) as { zone?: string };
  const picture = place?.tags.includes('watchable') ?? false;
  const event = {
    type: 'broadcast.requested',
    camera,
    zone,
    destination,
    to,
    relay,
    ...doerIn(wisher),
    picture,
    ...(encoded ? { encoded } : {}),
  };
  const { view } = await (former ? cells.offer(at, event) : cells.create(at, event));
  return { view, begun: true };
}
