import { relayName } from '../../launcher/node-programs.ts';
import type { LauncherLink } from '../launcher-link.ts';
import type { RelayReach } from './relay-reach.ts';

/** A relay that takes programs, and who runs it. */
export type ProgramRelay = Pick<RelayReach, 'id' | 'host' | 'embedded'>;

/** What knowing them needs. */
export interface ProgramRelaysParts<Relay extends ProgramRelay> {
  /** Every delivery relay of the group. */
  deliveries: readonly Relay[];
  /** The launcher that runs the processes of a host. */
  launcherOf(host: string | undefined): Pick<LauncherLink, 'onProcess' | 'isStopped'>;
  /** Whether a relay is there, and not taken out of the configuration since the start. */
  isThere(relay: string): boolean;
  /** Whether streams that are made on its host go on through it to other relays. */
  feedsOthers(relay: string): Promise<boolean>;
  /** Others than before are to have every program. */
  changed(): void;
}

/** The delivery relays that have every program: all but those that were taken out. */
export interface ProgramRelays<Relay extends ProgramRelay> {
  now(): Relay[];
  /** The cells of all relays are known from now on: whichever has none, and is not listed, is not there. */
  attend(): void;
  close(): void;
}

const LOOK_EVERY_MS = 250;

/**
 * Knows them. One of ours is left when its process was ended on purpose, which its launcher tells; nothing goes through
 * it any more then. One of somebody else's goes on running, so that it is looked at whether it is still there.
 */
export function knowProgramRelays<Relay extends ProgramRelay>(parts: ProgramRelaysParts<Relay>): ProgramRelays<Relay> {
  const { deliveries, launcherOf, isThere, feedsOthers, changed } = parts;
  const isStopped = ({ id, host }: Relay) => launcherOf(host).isStopped(relayName(id));
  const own = deliveries.filter(({ embedded }) => embedded);
  const others = deliveries.filter(({ embedded }) => !embedded);
  const left = new Set(own.filter(isStopped));
  const settle = (relay: Relay, isLeft: boolean) => {
    if (left.has(relay) === isLeft) return;
    if (isLeft) left.add(relay);
    else left.delete(relay);
    changed();
  };
  const watching = own.map((relay) =>
    launcherOf(relay.host).onProcess(({ name }) => {
      if (name === relayName(relay.id)) settle(relay, isStopped(relay));
    }),
  );

  /** Those that are asked now whether anything goes through them. */
  const asked = new Set<Relay>();
  const look = async (relay: Relay): Promise<void> => {
    if (isThere(relay.id)) return settle(relay, false);
    if (left.has(relay) || asked.has(relay)) return;
    asked.add(relay);
    // One that does not answer passes nothing on.
    const feeds = await feedsOthers(relay.id).catch(() => false);
    asked.delete(relay);
    if (!feeds && !isThere(relay.id)) settle(relay, true);
  };
  let clock: NodeJS.Timeout | undefined;

  return {
    now: () => deliveries.filter((relay) => !left.has(relay)),
    attend() {
      clock ??= setInterval(() => {
        for (const relay of others) void look(relay);
      }, LOOK_EVERY_MS);
      clock.unref();
    },
    close() {
      clearInterval(clock);
      for (const stop of watching) stop();
    },
  };
}
