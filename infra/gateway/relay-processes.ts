import type { Logger } from 'pino';
import type { Cells } from '../../actors/cells.ts';
import { type Id, id } from '../../bus/identity.ts';
import type { Address } from '../../bus/subjects.ts';

/** What keeping the processes of relays needs of the house. */
export interface RelayProcessesParts {
  /** The relays that launchers started, on whichever host. */
  relays: readonly string[];
  cells: Pick<Cells, 'view'>;
  /** Whether a relay's cell lives here. */
  has(at: Address): boolean;
  /** Whether the configuration lists a relay as it stands now. */
  lists(relay: string): boolean;
  /** Whether streams that are made on its host go on through it to other relays. */
  feedsOthers(relay: string): Promise<boolean>;
  /** Has its launcher run it, or not. */
  run(relay: string, runs: boolean): Promise<void>;
  log: Logger;
}

/** The processes of relays that come and go with the configuration. */
export interface RelayProcesses {
  /** One that was removed is listed again: its process runs, and serves, when this resolves. */
  start(relay: string): Promise<void>;
  close(): void;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Ends the process of a relay that was removed, as soon as nothing goes through it any more. It is looked for again and
 * again, so that nothing is lost with a gateway.
 */
export function keepRelayProcesses(parts: RelayProcessesParts): RelayProcesses {
  const { relays, cells, has, lists, feedsOthers, run, log } = parts;
  const ended = new Set<Id>();

  async function look(relay: Id): Promise<void> {
    const at = { kind: 'relay' as const, id: relay };
    const isGone = () => has(at) && cells.view(at)?.tags.includes('over') === true && !lists(relay);
    if (ended.has(relay) || !isGone()) return;
    // One that does not answer passes nothing on.
    if (await feedsOthers(relay).catch(() => false)) return;
    if (!isGone()) return;
    await run(relay, false);
    ended.add(relay);
    log.info({ relay }, 'the process of a relay that was taken out has ended');
  }

  let isLooking = false;
  const clock = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    const away = (err: unknown) => log.debug({ err }, 'the process of a relay could not be ended now');
    await Promise.all(relays.map((relay) => look(id(relay)).catch(away)));
    isLooking = false;
  }, LOOK_EVERY_MS);
  clock.unref();
  return {
    async start(relay) {
      ended.delete(id(relay));
      if (!relays.includes(relay)) return;
      await run(relay, true).catch((err) => log.warn({ err, relay }, 'the process of a relay could not be started'));
    },
    close: () => clearInterval(clock),
  };
}
