import path from 'node:path';
import type { Logger } from 'pino';
import type { Departures } from '../../../adapters/departures.switcher.ts';
import { createLadders } from '../../../adapters/ladder.ffmpeg.ts';
import type { Feeding } from '../../../adapters/mediamtx/fed-paths.ts';
import { createOpus } from '../../../adapters/opus.ffmpeg.ts';
import type { RenditionSlots, SoundSlots } from '../../../machines/slots.ts';
import { findProgram } from '../../binaries.ts';
import { ladderStarts } from './ladder-starts.ts';
import type { RelayAddress } from './relay-address.ts';
import { known, type RelayClients } from './relay-clients.ts';
import type { RelayReach } from './relay-reach.ts';

/** What making streams of a program needs. */
export interface DerivedStreamsParts {
  reaches: ReadonlyMap<string, RelayReach>;
  clients: RelayClients;
  address: RelayAddress;
  /** Encoders hand pictures over through sockets: their relay has to run on this machine. */
  isHere(relay: RelayReach): boolean;
  /** Whether a relay of the group is there, and not taken out of the configuration since the start. */
  isThere(relay: string): boolean;
  /** Where ladders write HLS: one folder a camera. */
  hlsFolder: string;
  /** Where encoders and relays meet. */
  sockets: string;
  departures: Departures;
  /** Which rungs of a camera a relay has now. */
  gives(camera: string, relay: string, rungs: readonly string[]): void;
  /** Whether a camera's encoder lets others go first. */
  yields(camera: string): boolean;
  log: Logger;
}

/** What is made of a program, beside it: its rungs, and its sound as Opus. */
export function derivedStreams(parts: DerivedStreamsParts): Pick<RenditionSlots, 'ladder'> & Pick<SoundSlots, 'opus'> {
  const { reaches, clients, address, isHere, isThere, hlsFolder, sockets, departures, gives, yields, log } = parts;
  const ffmpeg = findProgram('ffmpeg');
  const here = [...reaches.values()].filter((relay) => relay.role === 'delivery' && isHere(relay));
  // One that pulls has a program only as long as somebody reads it there, and gives others what it was given.
  const fed = here.filter(({ pull }) => !pull);
  const able = fed.length > 0 ? fed : here;
  const feeding: Feeding = {
    relays: [...reaches.values()]
      .filter(({ role }) => role === 'delivery')
      .map((relay) => ({
        paths: clients.paths(relay.id),
        urlOf: (path, by) => address(relay, 'read', path, by && reaches.get(by.paths.relay)),
        // What one that is removed is fed with already goes on there; nothing is begun anew while another can have it.
        get feeds() {
          return able.includes(relay) && (isThere(relay.id) || !able.some(({ id }) => isThere(id)));
        },
      })),
    sockets: path.join(sockets, 'rungs'),
  };
  return {
    ladder: createLadders({
      ...feeding,
      ffmpeg,
      folder: hlsFolder,
      ...{ gives, yields },
      startOf: ladderStarts({
        departures,
        apiOf: clients.api,
        urlOf: (relay, path) => address(known(reaches, relay), 'read', path),
        log,
      }),
    }),
    opus: createOpus({ ...feeding, ffmpeg }),
  };
}
