import type { Span } from '../../adapters/traces.otlp.ts';
import type { Envelope } from '../../bus/envelope.ts';
import { idsOf } from './joins.ts';

const msIn = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Names that a fact has for where the picture came from, and where it comes from now. */
const PLACES = ['camera', 'from_source', 'active_source', 'from_relay', 'relay', 'how'] as const;

/**
 * The trace of a failover, from the fact that tells its end: how long noticing, deciding, and the picture's return took.
 * @returns undefined where a fact tells of none: a move to another rung is no loss
 */
export function failoverIn(fact: Envelope): Span | undefined {
  const { type, data, time } = fact;
  const isOne = type === 'signalbox.camera.switched' || (type === 'signalbox.viewer.moved' && data.kind !== 'rung');
  const detectMs = msIn(data.detect_ms);
  if (!isOne || detectMs === undefined) return undefined;
  const decideMs = msIn(data.decide_ms) ?? 0;
  const endMs = Date.parse(time);
  // From losing the picture to having it again; what was noticed before anything was missing is part of it all the same.
  const startMs = endMs - Math.max(msIn(data.recover_ms) ?? 0, detectMs + decideMs);
  const noticedMs = startMs + detectMs;
  const decidedMs = noticedMs + decideMs;
  const why = data.why as { trigger?: string; reason?: string } | undefined;
  const places = PLACES.flatMap((name) => (typeof data[name] === 'string' ? [[`signalbox.${name}`, data[name]]] : []));
  const ids = idsOf(fact);
  return {
    name: type === 'signalbox.camera.switched' ? 'failover of a source' : 'failover of a relay',
    startMs,
    endMs,
    attributes: { ...ids, 'signalbox.trigger': why?.reason ?? why?.trigger ?? '', ...Object.fromEntries(places) },
    parts: [
      { name: 'detect', startMs, endMs: noticedMs, attributes: ids },
      { name: 'decide', startMs: noticedMs, endMs: decidedMs, attributes: ids },
      { name: 'restore', startMs: decidedMs, endMs, attributes: ids },
    ],
  };
}
