import type { Federation } from '../../actors/federation.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Id } from '../../bus/identity.ts';
import { type Bus, JournalAway } from '../../bus/ports.ts';
import type { Poster } from '../http/services.ts';

/** A poster as it travels between gateways. */
export interface SentPoster {
  jpeg: string;
  at: number;
}

/** What finding a poster needs. */
export interface PosterParts {
  node: string;
  bus: Bus;
  gate: Gate;
  cells: Federation;
  /** Of the cameras that live here. */
  poster(camera: string): Poster | undefined;
}

const ANSWER_WITHIN_MS = 1_000;
const TOKEN_S = 30;

/** Makes a poster ready to be sent to another gateway. */
export const sendPoster = ({ jpeg, at }: Poster): SentPoster => ({ jpeg: Buffer.from(jpeg).toString('base64'), at });

/** Finds the latest picture of any camera: the eye that sees it is at the gateway where the camera lives. */
export function findPosters({ node, bus, gate, cells, poster }: PosterParts) {
  return async (camera: Id): Promise<Poster | undefined> => {
    const to = { kind: 'camera' as const, id: camera };
    if (!cells.livesElsewhere(to)) return poster(camera);
    const request = { to, verb: 'poster', token: gate.mintGateway(node, TOKEN_S), body: null };
    try {
      const sent = (await bus.ask(request, ANSWER_WITHIN_MS)) as SentPoster | { error: string } | undefined;
      return sent && 'jpeg' in sent ? { jpeg: Buffer.from(sent.jpeg, 'base64'), at: sent.at } : undefined;
    } catch (error) {
      if (error instanceof JournalAway) return undefined; // nobody holds the camera at this moment
      throw error;
    }
  };
}
