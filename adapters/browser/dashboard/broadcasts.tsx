import { useEffect, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi, listApi } from './api.ts';
import { type Broadcast, lampOf } from './emergency.ts';
import { type Camera, type Json, text } from './model.ts';
import { duration } from './time.ts';

interface Destination {
  id: string;
  /** A page that shows what arrives there of this camera. */
  monitor?: string;
}

function destinationOf({ id, monitor }: Json, camera: string): Destination {
  // An address of another scheme would run as a script of this page.
  const shown = /^https?:/.test(text(monitor)) && text(monitor).replaceAll('{camera}', encodeURIComponent(camera));
  return { id: text(id), ...(shown ? { monitor: shown } : {}) };
}

/** The destinations that this camera can be pushed to, each with its lamp; shown to operators. */
export function Broadcasts({ camera, running, now }: { camera: Camera; running: Broadcast[]; now: number }) {
  const [destinations, setDestinations] = useState<Destination[]>([]);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    listApi('/api/v1/destinations').then(
      (items) => setDestinations(items.map((item) => destinationOf(item, camera.id))),
      // Viewers may not know of them.
      () => setDestinations([]),
    );
  }, [camera.id]);
  if (destinations.length === 0) return null;

  const press = async (destination: string, broadcast: Broadcast | undefined): Promise<void> => {
    setFailure('');
    try {
      if (broadcast) await callApi('DELETE', `/api/v1/broadcasts/${encodeURIComponent(broadcast.id)}`);
      else await callApi('POST', '/api/v1/broadcasts', { camera: camera.id, destination });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section>
      <h2>Broadcast</h2>
      <ul class="broadcasts">
        {destinations.map(({ id: destination, monitor }) => {
          const broadcast = running.find((one) => one.destination === destination);
          const { lamp, sign, word } = lampOf(broadcast);
          return (
            <li key={destination} class={`lamp-${lamp}`}>
              <span class="air-lamp" aria-hidden="true">
                {sign}
              </span>
              <b>{destination}</b>
              <span>
                {word}
                {broadcast && ` for ${duration(now - broadcast.since)}`}
              </span>
              {monitor && broadcast && (
                <a href={monitor} target="_blank" rel="noreferrer">
                  See it there
                </a>
              )}
              <button type="button" class="plug" onClick={() => press(destination, broadcast)}>
                {broadcast ? 'Stop' : 'Put on air'}
              </button>
              {broadcast?.why && lamp !== 'air' && <p class="why">{sentence(broadcast.why.text)}</p>}
            </li>
          );
        })}
      </ul>
      {failure && <p role="alert">{failure}</p>}
    </section>
  );
}
