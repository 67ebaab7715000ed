import './incidents.css';
import { useEffect, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi, listApi } from './api.ts';
import { useNow } from './hooks.ts';
import type { Fact } from './model.ts';
import { duration } from './time.ts';

/** An emergency that runs. */
interface Incident {
  id: string;
  zone: string;
  cameras: string[];
  reason: string;
  by: string;
  until: number;
  drill: boolean;
  state: string;
  why: { text: string };
}

const HOUR_MINUTES = 60;

/** The emergencies that run: why, until when, and for operators how to prolong or close them. */
export function Incidents({ facts, operates }: { facts: Fact[]; operates: boolean }) {
  const now = useNow();
  const [incidents, setIncidents] = useState<Incident[]>([]);
  const [failure, setFailure] = useState('');
  const changes = facts.filter(({ kind }) => kind === 'incident').length;
  const read = (): Promise<void> =>
    listApi('/api/v1/incidents').then(
      (items) => setIncidents(items as unknown as Incident[]),
      () => {},
    );
  useEffect(() => {
    void read();
  }, [changes]);
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
    await read();
  };
  if (incidents.length === 0) return null;
  return (
    <section class="incidents" aria-label="Emergencies">
      {incidents.map((incident) => (
        <div key={incident.id} class={`incident ${incident.drill ? 'drill' : ''}`} role="alert">
          <strong>{incident.drill ? 'Drill' : 'Emergency'}</strong>
          <span>
            {incident.zone || incident.cameras.join(', ')}: {incident.reason}
          </span>
          <span class="said">
            {sentence(incident.why.text)} Declared by {incident.by}.
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
