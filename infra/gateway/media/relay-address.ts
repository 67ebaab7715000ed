import type { Gate } from '../../../adapters/gate.jsonwebtoken.ts';
import { rtspAddress } from '../../../adapters/mediamtx/exchange.ts';
import { type RelayReach, rtspFrom } from './relay-reach.ts';

/**
 * Where a path is read or published at a relay over RTSP, with a fresh token in the address.
 * @param reader the relay that reads it; default: a process of ours
 */
export type RelayAddress = (relay: RelayReach, action: 'read' | 'publish', path: string, reader?: RelayReach) => string;

/** A relay token in an RTSP address lives this long; the switcher is given fresh ones every hour. */
const TOKEN_S = 24 * 3600;

/**
 * Addresses for what carries pictures between the relays: the switcher, encoders, adaptive peers, and relays that pull.
 * @param publicHost the name under which viewers reach this machine
 */
export const relayAddresses =
  (gate: Pick<Gate, 'mintRelay'>, publicHost?: string): RelayAddress =>
  (relay, action, path, reader) => {
    const at = reader ? rtspFrom(reader, relay, publicHost) : relay.rtsp;
    return `${rtspAddress(at, path)}?token=${gate.mintRelay('switcher', [{ action, path }], TOKEN_S)}`;
  };
