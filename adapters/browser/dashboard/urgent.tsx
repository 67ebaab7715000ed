import './urgent.css';
import { sentence } from '../player/sentence.ts';
import { type Broadcast, type Incident, lampOf } from './emergency.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { duration } from './time.ts';

/** How a tile calls an incident. */
export const wordOf = ({ drill }: Incident): string => (drill ? 'Drill' : 'Emergency');

/** Over the picture of a tile: the emergency that its camera is in, and a lamp for each destination it is pushed to. */
export function Urgent({ incident, broadcasts }: { incident: Incident | undefined; broadcasts: Broadcast[] }) {
  const now = useNow();
  if (!incident && broadcasts.length === 0) return null;
  return (
    <div class="urgent">
      {incident && (
        <p class="ribbon">
          <Icon sign="siren" />
          <strong>{wordOf(incident)}</strong>
          <span class="reason">{incident.reason}</span>
          <span class={`left ${incident.state === 'expiring' ? 'ends-soon' : ''}`}>
            {incident.state === 'expiring' && 'ends in '}
            {duration(Math.max(0, incident.until - now))}
          </span>
        </p>
      )}
      <ul class="lamps">
        {broadcasts.map((broadcast) => (
          <Lamp key={broadcast.id} broadcast={broadcast} now={now} />
        ))}
      </ul>
    </div>
  );
}

function Lamp({ broadcast, now }: { broadcast: Broadcast; now: number }) {
  const { lamp, sign, word } = lampOf(broadcast);
  const because = lamp !== 'air' && broadcast.why ? `: ${broadcast.why.text}` : '';
  return (
    <li class={`lamp-${lamp}`} title={sentence(`${broadcast.destination} ${word}${because}`)}>
      <span class="air-lamp" aria-hidden="true">
        {sign}
      </span>{' '}
      <b>{broadcast.destination}</b>{' '}
      <span class="since">
        {word} {duration(now - broadcast.since)}
      </span>
      <span class="because">{because}</span>
    </li>
  );
}
