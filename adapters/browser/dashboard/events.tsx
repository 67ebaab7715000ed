import { sentence } from '../player/sentence.ts';
import { Icon } from './icons.tsx';
import type { Fact } from './model.ts';
import { timeOfDay } from './time.ts';
import { wordsOfFact } from './words.ts';

const SHOWN = 40;

/** What happened, latest first, with its reason. */
export function Events({ events, now }: { events: Fact[]; now: number }) {
  if (events.length === 0) return <p class="empty">Nothing has happened since this page was opened.</p>;
  return (
    <ol class="events">
      {events
        .slice(-SHOWN)
        .reverse()
        .map((fact) => (
          <li key={fact.seq || `${fact.id}${fact.at}`} class={classOf(fact)}>
            <time>{timeOfDay(fact.at, now)}</time>
            {fact.kind === 'camera' ? (
              <span class="what">
                <Icon sign={wordsOfFact(fact).sign} />
                {wordsOfFact(fact).word}
              </span>
            ) : (
              <span class="what">
                {fact.kind === 'ptz' ? 'motors' : String(fact.data.subject ?? fact.id)} {happened(fact)}
              </span>
            )}
            <span class="because">
              {fact.why?.text ? sentence(fact.why.text) : ''} {figures(fact)}
            </span>
          </li>
        ))}
    </ol>
  );
}

/** A gap within a second in milliseconds. */
const awayText = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** A standby source says nothing of the picture: its colour is nobody's. */
const classOf = ({ kind, type, state }: Fact): string =>
  kind === 'camera' && type !== 'camera.source' ? `state-${state}` : 'other';

/** What a viewer or a relay did: the state it is in, or where a picture has moved to. */
const happened = ({ type, state, data }: Fact): string => (type === 'viewer.moved' ? `moved to ${data.relay}` : state);

/** How long noticing and recovering took, where the fact says so. */
function figures({ type, data }: Fact) {
  const { detect_ms: detectMs, recover_ms: recoverMs, first_frame_ms: firstFrameMs } = data;
  const parts = [];
  if (typeof detectMs === 'number') parts.push(`noticed after ${Math.round(detectMs)} ms`);
  if (typeof recoverMs === 'number') parts.push(`picture away for ${awayText(recoverMs)}`);
  if (type === 'viewer.watching' && typeof firstFrameMs === 'number')
    parts.push(`first frame after ${Math.round(firstFrameMs)} ms`);
  return parts.length > 0 ? <em>{parts.join(', ')}</em> : null;
}
