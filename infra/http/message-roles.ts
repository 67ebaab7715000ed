import type { Subject } from '../../bus/events/viewer.ts';
import { KINDS, type Kind } from '../../bus/subjects.ts';
import type { Says } from './messages.ts';

/**
 * Who may know of a cell: who may watch or operate its camera; whose session it is, or who operates its camera; every
 * operator; whom an incident concerns; whom an alarm does (machines/policy/alarm-rights.ts).
 */
export type Sight = 'watch' | 'operate' | 'own' | 'operator' | 'concerned' | 'alarm';

/** Kinds of cell × whom their facts and states are told, whichever way: event streams, asks, the log. */
export const CELLS: Readonly<Record<Kind, Sight>> = {
  camera: 'watch',
  viewer: 'own',
  relay: 'operator',
  broadcast: 'operate',
  incident: 'concerned',
  rendition: 'operate',
  recording: 'operate',
  ptz: 'operate',
  sound: 'operate',
  alarm: 'alarm',
};

/** Facts that tell more than their cell may be known for: who stands at a camera is for those who run it. */
export const CLOSER_FACTS: Readonly<Record<string, Sight>> = {
  'camera.publisher': 'operate',
  'camera.misplaced': 'operate',
};

/** Whom a fact is told, by its type without prefix; undefined for what no kind tells. */
export function sightOfFact(type: string): Sight | undefined {
  if (Object.hasOwn(CLOSER_FACTS, type)) return CLOSER_FACTS[type];
  const [kind = ''] = type.split('.');
  return Object.hasOwn(CELLS, kind) ? CELLS[kind as Kind] : undefined;
}

/** Who may ask cells of some kinds for something over NATS. */
export interface AskRule {
  kinds: readonly Kind[];
  /** Least role; `gateway`: other gateways alone, with a token of their own. */
  who: Subject['role'] | 'gateway';
  text: string;
}

/**
 * Verbs over NATS × kinds × roles. A verb that is missing here is answered to nobody; what the caller may do to that very
 * cell is checked by what does it, as over HTTP.
 */
export const ASKS = {
  view: [{ kinds: KINDS, who: 'viewer', text: 'how a cell stands' }],
  close: [
    { kinds: ['viewer'], who: 'viewer', text: 'end a session' },
    { kinds: ['incident'], who: 'operator', text: 'end an emergency' },
  ],
  declare: [{ kinds: ['incident'], who: 'operator', text: 'declare an emergency of that key' }],
  renew: [{ kinds: ['incident'], who: 'operator', text: 'prolong an emergency' }],
  acknowledge: [{ kinds: ['alarm'], who: 'operator', text: 'say that one takes care of an alarm' }],
  poster: [{ kinds: ['camera'], who: 'gateway', text: 'the latest picture' }],
  intake: [{ kinds: ['camera'], who: 'gateway', text: 'which intake takes its publishers, and why' }],
  written: [{ kinds: ['recording'], who: 'gateway', text: 'how its newest file stands, where it is written' }],
  leg: [{ kinds: ['viewer'], who: 'gateway', text: 'what a WHEP client says of a connection that was opened there' }],
  audience: [{ kinds: ['viewer'], who: 'gateway', text: 'when its player over HLS last asked that gateway' }],
  offer: [{ kinds: KINDS, who: 'gateway', text: 'have a cell hear something' }],
  create: [{ kinds: KINDS, who: 'gateway', text: 'have a cell made' }],
} as const satisfies Record<string, readonly AskRule[]>;
export type Verb = keyof typeof ASKS;
/** What gateways alone may ask, of one another. */
export type GatewayVerb = { [V in Verb]: (typeof ASKS)[V][number]['who'] extends 'gateway' ? V : never }[Verb];

/** Who may ask a cell of a kind for a verb; undefined when the table has no such row. */
export function ruleOfAsk(
  kind: Kind,
  verb: string,
): { verb: GatewayVerb; who: 'gateway' } | { verb: Exclude<Verb, GatewayVerb>; who: Subject['role'] } | undefined {
  if (!Object.hasOwn(ASKS, verb)) return undefined;
  const rows: readonly AskRule[] = ASKS[verb as Verb];
  const who = rows.find(({ kinds }) => kinds.includes(kind))?.who;
  if (who === undefined) return undefined;
  if (who === 'gateway') return { verb: verb as GatewayVerb, who };
  return { verb: verb as Exclude<Verb, GatewayVerb>, who };
}

/**
 * Signalling messages × what they need: the stream token that they carry; the running session that such a token opened,
 * on this very connection; or that, and a login token of the session's person besides.
 */
export const SAYS: Readonly<Record<keyof Says, 'stream token' | 'session' | 'session and login token'>> = {
  hello: 'stream token',
  offer: 'session',
  opened: 'session',
  candidate: 'session',
  stats: 'session',
  playing: 'session',
  renew: 'session and login token',
  close: 'session',
};
