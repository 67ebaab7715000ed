import type { Id } from '../identity.ts';

/** What any gateway must know of a viewer session to answer for it. Plain JSON, no secrets. */
export interface SessionCard {
  id: Id;
  camera: Id;
  subject: string;
  protocol: string;
  quality: string;
  relay: string;
  state: string;
  expires_at: number;
  node: string;
}

/** The session cache. It may be away: then reads find nothing and writes are dropped, each within 200 ms. */
export interface Sessions {
  put(card: SessionCard): Promise<void>;
  get(id: Id): Promise<SessionCard | undefined>;
  drop(id: Id): Promise<void>;
  /** Whether the store answers now. */
  ready(): boolean;
}
