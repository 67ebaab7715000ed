import type { Logger } from 'pino';
import { recountAudiences } from '../../actors/acquaintance/audiences.ts';
import { teller } from '../../actors/acquaintance/telling.ts';
import { acquaint } from '../../actors/acquaintance.ts';
import { type BandwidthShares, shareBandwidth } from '../../actors/bandwidth.ts';
import { shareEncoders } from '../../actors/capacity.ts';
import type { Cells } from '../../actors/cells.ts';
import { raiseIncidents } from '../../actors/emergency.ts';
import { acquaintSounds } from '../../actors/listening.ts';
import type { Roster } from '../../actors/roster.ts';
import { destinationOf } from '../config/destinations.ts';
import type { Config } from '../config/model.ts';
import type { Group } from '../group.ts';
import { rungsOf } from '../http/rungs.ts';
import type { Installation } from './installation.ts';
import type { Media } from './media.ts';

/** What overseeing needs of the house. */
export interface OversightParts {
  group: Group;
  roster: Roster;
  cells: Cells;
  media: Pick<Media, 'leaveIntake' | 'emptyIntake' | 'rates' | 'watchEgress'>;
  settleQuality: Installation['settleQuality'];
  /** An encoder hands pictures over through a socket: its relay's launcher runs it. */
  encodesAt(relay: string): boolean;
  /** The configuration as it stands now. */
  config(): Config;
  log: Logger;
}

/** What concerns several cells at once, as it goes on. */
export interface Oversight {
  /** Cells have come here from another gateway. */
  review(): void;
  /** There may be more or fewer encoders than before. */
  shareEncodersAnew(): void;
  shortOn: BandwidthShares['shortOn'];
  close(): void;
}

const ENCODERS_EVERY_MS = 1_000;

/**
 * Has cells that live here know of those that they depend on, raises what an incident raises, and shares out what there
 * is not enough of: encoders, and what relays may send.
 */
export function oversee(parts: OversightParts): Oversight {
  const { group, roster, cells, media, encodesAt, config, log } = parts;
  const onFault = (err: Error) => log.error({ err }, 'a cell could not be told of another');
  acquaintSounds(roster, onFault, cells);
  acquaint(roster, onFault, { cells, leaveIntake: media.leaveIntake, emptyIntake: media.emptyIntake, encodesAt });
  const raising = raiseIncidents({
    roster,
    cells,
    addressOf(name) {
      const found = destinationOf(config(), name);
      return found && { to: found.to, encoded: found.wish !== undefined, encodesAt };
    },
    settleQuality: parts.settleQuality,
    later: (ms, run) => void setTimeout(run, ms),
    onFault: (err) => log.error({ err }, 'an incident could not be raised or lowered'),
  });
  const encoders = shareEncoders({ roster, cells, encoders: () => config().limits.encoders, onFault });
  // What happens at other gateways of this machine is seen in their cells, and told to nobody.
  if (group.gateways > 1) setInterval(encoders.review, ENCODERS_EVERY_MS).unref();
  const bandwidth = shareBandwidth({
    roster,
    cells,
    limitBps: () => config().limits.egressBps,
    stepsOf(id) {
      const view = cells.view({ kind: 'camera', id });
      const rungs = view ? rungsOf({ cells, rates: media.rates }, view, true) : [];
      return rungs.map(({ name, bitrate_bps, ladder }) => ({ name, bitrate_bps, ...(ladder ? {} : { own: true }) }));
    },
    onFault,
  });
  const egress = media.watchEgress(bandwidth.isWanted, bandwidth.hear);
  return {
    review() {
      recountAudiences(cells, teller(cells, onFault));
      raising.review();
    },
    shareEncodersAnew: encoders.review,
    shortOn: bandwidth.shortOn,
    close: egress.close,
  };
}
