import './incidents.css';
import { useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi } from './api.ts';
import type { Incident } from './emergency.ts';
import { useNow } from './hooks.ts';
import { duration } from './time.ts';
import { wordOf } from './urgent.tsx';

const HOUR_MINUTES = 60;

/** The emergencies that run: why, until when, and for operators how to prolong or close them. */
export function Incidents({ incidents, operates }: { incidents: Incident[]; operates: boolean }) {
  const now = useNow();
  const [failure, setFailure] = useState('');
  const act = async (method: 'PATCH' | 'DELETE', id: string): Promise<void> => {
    setFailure('');
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
          {operates && (
            <>
              <button type="button" onClick={() => act('PATCH', incident.id)}>
                One more hour
              </button>
              <button type="button" onClick={() => act('DELETE', incident.id)}>
                Close it
              </button>
            </>
          )}
        </div>
      ))}
      {failure && <p role="alert">{failure}</p>}
    </section>
  );
}
