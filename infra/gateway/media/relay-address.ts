import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { rtspAddress } from '../../../adapters/mediamtx/exchange.ts';
import type { RelayReach } from './relay-reach.ts';

/** Where a path is read or published at a relay over RTSP, with a fresh token in the address. */
export type RelayAddress = (relay: RelayReach, action: 'read' | 'publish', path: string) => string;

/** A relay token in an RTSP address lives this long; the switcher is given fresh ones every hour. */
const TOKEN_S = 24 * 3600;

/** Addresses for what carries pictures between the relays: the switcher, encoders and adaptive peers. */
export const relayAddresses =
  (gate: Gate): RelayAddress =>
  (relay, action, path) =>
    `${rtspAddress(relay.rtsp, path)}?token=${gate.mintRelay('switcher', [{ action, path }], TOKEN_S)}`;
