import type { Span } from '../../adapters/traces.otlp.ts';
import type { Envelope } from '../../bus/envelope.ts';
import type { Id } from '../../bus/identity.ts';
import type { JoinSteps } from '../http/services.ts';

/** Traces of joins that are not over yet. */
export interface Joins extends JoinSteps {
  /** Hears what a viewer's cell of this gateway told. */
  hear(session: Id, fact: Envelope): void;
}

interface Join {
  startMs: number;
  attributes: Record<string, string | number>;
  parts: Span[];
  /** Since when the relay's answer is known. */
  answeredMs?: number;
}

/** Nobody joins for longer than a cell lets them; this bounds the memory where one never says so. */
const MOST = 10_000;

/** What a fact says of a session, under the names that the event log has. */
export const idsOf = ({ id, causeid, subject }: Envelope): Record<string, string> => ({
  'signalbox.subject': subject,
  'signalbox.event_id': id,
  ...(causeid === undefined ? {} : { 'signalbox.cause_id': causeid }),
});

const whyOf = ({ data }: Envelope): { trigger?: string; reason?: string; text?: string } => data.why ?? {};

/**
 * Puts together what became of each wish to watch: admission, the ticket, WHEP, and the wait for the first picture.
 * @param report takes each as one trace, once the picture is there or nothing came of it
 */
export function keepJoins(report: (root: Span) => void, nowMs: () => number): Joins {
  const open = new Map<Id, Join>();
  const finish = (session: Id, join: Join, endMs: number, failed?: string): void => {
    open.delete(session);
    const { startMs, attributes, parts } = join;
    report({ name: 'join', startMs, endMs, attributes, parts, ...(failed === undefined ? {} : { failed }) });
  };
  return {
    begin(session, startMs, attributes) {
      const [oldest] = open.size >= MOST ? open.keys() : [];
      if (oldest) open.delete(oldest);
      open.set(session, { startMs, attributes: { 'signalbox.session': session, ...attributes }, parts: [] });
    },
    took(session, name, startMs, attributes = {}) {
      open.get(session)?.parts.push({ name, startMs, endMs: nowMs(), attributes });
    },
    failed(session, why) {
      const join = open.get(session);
      if (join) finish(session, join, nowMs(), why);
    },
    hear(session, fact) {
      const join = open.get(session);
      if (!join) return;
      const atMs = Date.parse(fact.time);
      const [, , state] = fact.type.split('.');
      const why = whyOf(fact);
      if (state === 'admitted') Object.assign(join.attributes, idsOf(fact));
      else if (state === 'connecting') join.answeredMs = atMs;
      else if (state === 'watching') {
        const { first_frame_ms } = fact.data;
        const measured: Record<string, number> =
          typeof first_frame_ms === 'number' ? { 'signalbox.first_frame_ms': first_frame_ms } : {};
        const attributes = { ...idsOf(fact), 'signalbox.trigger': why.trigger ?? '', ...measured };
        join.parts.push({ name: 'first frame', startMs: join.answeredMs ?? join.startMs, endMs: atMs, attributes });
        finish(session, join, atMs);
      } else if (state === 'denied' || state === 'ended') {
        Object.assign(join.attributes, idsOf(fact));
        finish(session, join, atMs, why.reason ?? why.text ?? state);
      }
    },
  };
}
