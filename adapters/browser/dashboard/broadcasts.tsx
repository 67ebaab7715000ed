import { useEffect, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi, listApi } from './api.ts';
import type { Camera, Fact, Why } from './model.ts';
import { duration } from './time.ts';

interface Broadcast {
  id: string;
  destination: string;
  state: string;
  since: number;
  picture: boolean;
  why?: Why;
}

/** What a lamp says of a push: the sign and the word carry it, the colour only helps. */
function lampOf(broadcast: Broadcast | undefined): { lamp: string; sign: string; word: string } {
  if (!broadcast) return { lamp: 'off', sign: '○', word: 'off' };
  if (broadcast.state !== 'on-air') return { lamp: 'trying', sign: '◐', word: broadcast.state };
  return broadcast.picture
    ? { lamp: 'air', sign: '●', word: 'on air' }
    : { lamp: 'slate', sign: '◍', word: 'on air with the slate' };
}

/** The destinations that this camera can be pushed to, each with its lamp; shown to operators. */
export function Broadcasts({ camera, facts, now }: { camera: Camera; facts: Fact[]; now: number }) {
  const [destinations, setDestinations] = useState<string[]>([]);
  const [running, setRunning] = useState<Broadcast[]>([]);
  const [failure, setFailure] = useState('');
  const changes = facts.filter(({ kind }) => kind === 'broadcast').length;
  const read = (): Promise<void> =>
    listApi('/api/v1/broadcasts').then(
      (items) => setRunning(items.filter((item) => item.camera === camera.id) as unknown as Broadcast[]),
      () => setRunning([]),
    );
  useEffect(() => {
    listApi('/api/v1/destinations').then(
      (items) => setDestinations(items.map(({ id }) => String(id))),
      // Viewers may not know of them.
      () => setDestinations([]),
    );
  }, []);
  useEffect(() => {
    if (destinations.length > 0) void read();
  }, [camera.id, changes, destinations.length]);
  if (destinations.length === 0) return null;

  const press = async (destination: string, broadcast: Broadcast | undefined): Promise<void> => {
    setFailure('');
    try {
      if (broadcast) await callApi('DELETE', `/api/v1/broadcasts/${encodeURIComponent(broadcast.id)}`);
      else await callApi('POST', '/api/v1/broadcasts', { camera: camera.id, destination });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
    await read();
  };
  return (
    <section>
      <h2>Broadcast</h2>
      <ul class="broadcasts">
        {destinations.map((destination) => {
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
