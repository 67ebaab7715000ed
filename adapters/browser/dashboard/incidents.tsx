import './incidents.css';
import { useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi } from './api.ts';
import type { Incident } from './emergency.ts';
import { useNow } from './hooks.ts';
import { duration } from './time.ts';
import { wordOf } from './urgent.tsx';

const HOUR_MINUTES = 60;
/** The way back is what a second press of the same key would take. */
const focused = (button: HTMLButtonElement | null) => button?.focus();

/** The emergencies that run: why, until when, and for operators how to prolong or close them. */
export function Incidents({ incidents, operates }: { incidents: Incident[]; operates: boolean }) {
  const now = useNow();
  const [failure, setFailure] = useState('');
  /** The one that somebody is about to close: a second press does it. */
  const [closing, setClosing] = useState('');
  const act = async (method: 'PATCH' | 'DELETE', id: string): Promise<void> => {
    setFailure('');
    setClosing('');
    try {
      await callApi(
        method,
        `/api/v1/incidents/${encodeURIComponent(id)}`,
        method === 'PATCH' ? { minutes: HOUR_MINUTES } : undefined,
      );
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  if (incidents.length === 0) return null;
  return (
    <section class="incidents" aria-label="Emergencies">
      {incidents.map((incident) => (
        <div key={incident.id} class={`incident ${incident.drill ? 'drill' : ''}`} role="alert">
          <strong>{wordOf(incident)}</strong>
          <span>
            {incident.zone || incident.cameras.join(', ')}: {incident.reason}
          </span>
          <span class="said">
            {incident.why && sentence(incident.why.text)} Declared by {incident.by}.
          </span>
          <span class={`left ${incident.state === 'expiring' ? 'ends-soon' : ''}`} aria-live="off">
            {incident.state === 'expiring' ? 'ends in ' : ''}
            {duration(Math.max(0, incident.until - now))}
            {incident.state === 'expiring' ? '' : ' left'}
          </span>
          {operates && closing !== incident.id && (
            <span class="acts">
              <button type="button" onClick={() => act('PATCH', incident.id)}>
                One more hour
              </button>
              <button type="button" onClick={() => setClosing(incident.id)}>
                Close it…
              </button>
            </span>
          )}
          {closing === incident.id && (
            <span class="acts">
              <span>Its pushes, extra access and recording end with it.</span>
              <button type="button" class="alarm" onClick={() => act('DELETE', incident.id)}>
                Close it now
              </button>
              <button type="button" ref={focused} onClick={() => setClosing('')}>
                Keep it
              </button>
            </span>
          )}
        </div>
      ))}
      {failure && <p role="alert">{failure}</p>}
    </section>
  );
}
