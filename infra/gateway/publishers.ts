import type { Logger } from 'pino';
import type { Cells } from '../../actors/cells.ts';
import { cameraOfPath } from '../../adapters/intake.mediamtx.ts';
import type { Mediamtx } from '../../adapters/mediamtx.ts';
import { type Publishing, publishersAt } from '../../adapters/publishers.mediamtx.ts';
import type { PublishedBy, PublishingEnd } from '../../bus/events/camera.ts';
import { type Id, isId } from '../../bus/identity.ts';
import type { PublisherToken } from '../../bus/publisher.ts';
import type { CameraContext } from '../../machines/camera/context.ts';

/** What watching over publishers needs. */
export interface PublishersParts {
  /** Those that there are now. */
  intakes(): readonly Mediamtx[];
  cells: Cells;
  /** Whether a camera's cell lives here. */
  has(camera: Id): boolean;
  revoked(token: PublisherToken): boolean;
  log: Logger;
}

/** A revoked publisher is gone within two looks. */
const LOOK_EVERY_MS = 1_000;

/** Why somebody no longer publishes, from what can be known of it. */
export function endOf(
  { person: sub, iat, mark }: PublishedBy,
  replaced: boolean,
  revoked: (token: PublisherToken) => boolean,
): PublishingEnd {
  if (revoked({ sub, iat, ...(mark === undefined ? {} : { mark }) })) return 'revoked';
  return replaced ? 'replaced' : 'left';
}

/**
 * Watches who publishes at the intakes: tells each camera that lives here who sends it, and cuts those whose right was
 * taken back. What is there is compared with what the cell knows, so that nothing is lost with a gateway.
 */
export function watchPublishers({ intakes, cells, has, revoked, log }: PublishersParts): { close(): void } {
  let isLooking = false;
  const cameras = (): { id: Id; context: CameraContext }[] =>
    cells
      .list('camera')
      .filter(({ id, tags }) => has(id) && !tags.includes('over'))
      .map(({ id, context }) => ({ id, context: context as unknown as CameraContext }));
  const tell = (id: Id, event: { type: string; [field: string]: unknown }) =>
    cells.offer({ kind: 'camera', id }, event);

  async function settle(id: Id, source: string, known: PublishedBy | undefined, now: Publishing | undefined) {
    if (known && known.id !== now?.id) {
      await tell(id, { type: 'publisher.left', source, reason: endOf(known, now !== undefined, revoked) });
    }
    const who = known?.id === now?.id ? known : await now?.who();
    if (!who || !now) return;
    if (known?.id !== who.id) await tell(id, { type: 'publisher.came', source, publisher: who });
    if (endOf(who, false, revoked) !== 'revoked') return;
    log.info({ camera: id, source, protocol: who.protocol }, 'a publisher is cut: its right was taken back');
    await now.cut();
  }

  async function look(): Promise<void> {
    const mine = cameras();
    const sent = mine.some(({ context }) => context.settings?.sources.some(({ url }) => url.startsWith('publish:')));
    if (!sent && !mine.some(({ context }) => Object.keys(context.publishers ?? {}).length > 0)) return;
    const looked = await Promise.allSettled(intakes().map(publishersAt));
    const there = looked.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    // While one intake does not answer, nobody can be said to be gone.
    const isWhole = looked.every(({ status }) => status === 'fulfilled');
    for (const { id, context } of mine) {
      const at = new Map(
        there.filter(({ path }) => cameraOfPath(path) === id).map((one) => [one.path.split('/')[2] ?? '', one]),
      );
      const known = context.publishers ?? {};
      for (const source of new Set([...at.keys(), ...Object.keys(known)])) {
        if (isId(source) && (isWhole || at.has(source))) await settle(id, source, known[source], at.get(source));
      }
    }
  }

  const clock = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    // An intake that is away has its own health watch.
    await look().catch((err) => log.debug({ err }, 'who publishes could not be looked at'));
    isLooking = false;
  }, LOOK_EVERY_MS).unref();
  return { close: () => clearInterval(clock) };
}
