import type { Logger } from 'pino';
import type { Cells } from '../../actors/cells.ts';
import { cameraOfPath } from '../../adapters/intake.mediamtx.ts';
import type { Mediamtx } from '../../adapters/mediamtx.ts';
import { type Publishing, publishersAt } from '../../adapters/publishers.mediamtx.ts';
import { isPublished, type PublishedBy, type PublishingEnd, TAKEOVER } from '../../bus/events/camera.ts';
import { type Id, id, isId } from '../../bus/identity.ts';
import type { PublisherToken } from '../../bus/publisher.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import type { IntakeChoice } from '../../machines/policy/intake.ts';
import { settlePublishers } from '../../machines/policy/publishing.ts';
import type { Intakes } from './media/intakes.ts';

/** What watching over publishers needs. */
export interface PublishersParts {
  /** The control APIs of all intakes that there are now, on whichever host. */
  apis(): readonly Mediamtx[];
  intakes: Pick<Intakes, 'of' | 'isWanted'>;
  /** A camera goes where somebody publishes it. */
  follow(camera: string, from: string, choice: IntakeChoice): Promise<void>;
  cells: Cells;
  /** Whether a camera's cell lives here. */
  has(camera: Id): boolean;
  revoked(token: PublisherToken): boolean;
  log: Logger;
}

/** A revoked publisher is gone within two looks. */
const LOOK_EVERY_MS = 1_000;
/** Encoders connect again at once: the same one is told of as misplaced no more often. */
const MISPLACED_AGAIN_MS = 60_000;

/** Why somebody no longer publishes, from what can be known of it. */
export function endOf(
  { person: sub, iat, mark }: PublishedBy,
  replaced: boolean,
  revoked: (token: PublisherToken) => boolean,
): PublishingEnd {
  if (revoked({ sub, iat, ...(mark === undefined ? {} : { mark }) })) return 'revoked';
  return replaced ? 'replaced' : 'left';
}

/** Somebody who publishes a camera, and where. */
interface Present {
  intake: string;
  source: string;
  publishing: Publishing;
}

/**
 * Watches who publishes at the intakes: tells each camera that lives here who sends it, cuts those whose right was taken
 * back, and brings together who publishes a camera at another intake than the one where it is. What is there is compared
 * with what the cell knows, so that nothing is lost with a gateway.
 */
export function watchPublishers(parts: PublishersParts): { close(): void } {
  const { apis, intakes, cells, has, revoked, log } = parts;
  let isLooking = false;
  /** When a person was last told of who came to a wrong intake, on the monotonic clock. */
  const misplaced = new Map<string, number>();
  const cameras = (): { id: Id; context: CameraContext }[] =>
    cells
      .list('camera')
      .filter(({ id, tags }) => has(id) && !tags.includes('over'))
      .map((view) => ({ id: view.id, context: view.context as unknown as CameraContext }));
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

  /** Cuts somebody who publishes where the camera is not; whom it knows as its own was replaced, and is told as that. */
  async function turnAway(
    camera: Id,
    { publishers = {} }: CameraContext,
    { intake, source, publishing }: Present,
    own: string,
    because: string,
  ): Promise<void> {
    const publisher = await publishing.who();
    await publishing.cut();
    if (!publisher || publishers[source]?.id === publisher.id) return;
    const key = [camera, source, intake, publisher.person].join();
    const now = performance.now();
    if (now - (misplaced.get(key) ?? Number.NEGATIVE_INFINITY) < MISPLACED_AGAIN_MS) return;
    misplaced.set(key, now);
    const { person, protocol } = publisher;
    const next = `POST /publish/${camera} tells the address at ${own}`;
    log.info({ camera, source, intake, person, protocol, because, next }, 'a publisher at another intake is cut');
    await tell(camera, { type: 'publisher.misplaced', source, publisher, intake, own, because });
  }

  /** Brings the publishers of a camera to one intake. @returns the intake where it is */
  async function gather(camera: Id, context: CameraContext, present: readonly Present[]): Promise<string> {
    const own = intakes.of(camera);
    if (present.every(({ intake }) => intake === own)) return own;
    const sources = context.settings?.sources ?? [];
    const ordered = sources.flatMap(({ id, url }) =>
      isPublished(url) ? present.filter(({ source }) => source === id).map((one) => ({ ...one, url })) : [],
    );
    const standings = await Promise.all(
      ordered.map(async ({ intake, source, url, publishing }) => {
        const since = (await publishing.who())?.since;
        const wanted = intakes.isWanted(intake);
        return since === undefined ? [] : { intake, source, since, takeover: url === TAKEOVER, wanted, publishing };
      }),
    );
    const { intake, cut, why } = settlePublishers(own, standings.flat());
    if (intake !== own) {
      log.info({ camera, from: own, intake, why }, 'a camera goes where it is published');
      parts
        .follow(camera, own, { intake, why })
        .catch((err) => log.warn({ err, camera }, 'a camera could not go there'));
    }
    for (const one of standings.flat().filter((standing) => cut.includes(standing)))
      await turnAway(camera, context, one, own, why.text);
    return own;
  }

  async function look(): Promise<void> {
    const mine = cameras();
    const sent = mine.some(({ context }) => context.settings?.sources.some(({ url }) => isPublished(url)));
    if (!sent && !mine.some(({ context }) => Object.keys(context.publishers ?? {}).length > 0)) return;
    // Who asks a machine that is gone waits for its time-out.
    const alive = apis().filter(({ relay }) => cells.view({ kind: 'relay', id: id(relay) })?.state !== 'dead');
    const looked = new Map<string, Publishing[]>();
    const lookAt = async (api: Mediamtx) => void looked.set(api.relay, await publishersAt(api));
    await Promise.allSettled(alive.map(lookAt));
    const there = [...looked].flatMap(([intake, found]) => found.map((publishing) => ({ intake, publishing })));
    for (const { id: camera, context } of mine) {
      const present = there
        .filter(({ publishing }) => cameraOfPath(publishing.path) === camera)
        .map((one) => ({ ...one, source: one.publishing.path.split('/')[2] ?? '' }));
      const intake = await gather(camera, context, present);
      const at = new Map(present.filter((one) => one.intake === intake).map((one) => [one.source, one.publishing]));
      const known = context.publishers ?? {};
      for (const source of new Set([...at.keys(), ...Object.keys(known)])) {
        // Of an intake that does not answer, nobody can be said to be gone.
        const isKnown = looked.has(intake) || at.has(source);
        if (isId(source) && isKnown) await settle(camera, source, known[source], at.get(source));
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
