import './alarms.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { MUTE_MINUTES, SILENT, type Sound, soundAt } from './alarm-sound.ts';
import { ring } from './alarm-tone.ts';
import { type Alarm, alarmsAfter } from './alarms.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { RoomView } from './room.ts';
import { hashOf } from './route.ts';
import { duration, timeOfDay } from './time.ts';

const MINUTE_MS = 60_000;

/** The alarms that hold, each since it was first seen. */
export function useAlarms({ world, emergencies }: RoomView): Alarm[] {
  const known = useRef<Alarm[]>([]);
  known.current = alarmsAfter(known.current, world, emergencies);
  return known.current;
}

/** In the header: how many alarms there are, the newest first, and whether new ones are heard. */
export function Alarms({ alarms }: { alarms: Alarm[] }) {
  const now = useNow();
  const [sound, permit, setSound] = useSound(alarms);
  const heard = soundAt(sound, now);
  const count = alarms.length === 1 ? '1 alarm' : `${alarms.length || 'No'} alarms`;
  return (
    <details class={`alarms ${alarms.length > 0 ? 'raised' : ''}`}>
      <summary title={count}>
        <Icon sign="bell" />
        <span role="status">{count}</span>
      </summary>
      <div class="menu">
        <ol aria-label="Alarms, newest first">
          {alarms.map((alarm) => (
            <li key={alarm.cause} data-cause={alarm.cause}>
              <AlarmTitle alarm={alarm} />
              <span>{sentence(alarm.text)}</span>
              <span class="since">
                {timeOfDay(alarm.since, now)}, {duration(now - alarm.since)} ago
              </span>
            </li>
          ))}
        </ol>
        {alarms.length === 0 && <p>Nothing wants a look.</p>}
        <div class="sound">
          {heard.name === 'off' && (
            <button type="button" onClick={permit}>
              Sound new alarms
            </button>
          )}
          {heard.name === 'on' && (
            <>
              <span>New alarms sound. Mute for</span>
              {MUTE_MINUTES.map((minutes) => (
                <button
                  key={minutes}
                  type="button"
                  onClick={() => setSound({ name: 'muted', until: now + minutes * MINUTE_MS })}
                >
                  {minutes} min
                </button>
              ))}
              <button type="button" onClick={() => setSound(SILENT)}>
                No sound
              </button>
            </>
          )}
          {heard.name === 'muted' && (
            <>
              <span>Muted for {duration(heard.until - now)} more.</span>
              <button type="button" onClick={permit}>
                Sound again
              </button>
            </>
          )}
        </div>
      </div>
    </details>
  );
}

/** Leads to the camera, where it is about one. */
function AlarmTitle({ alarm }: { alarm: Alarm }) {
  const [camera, ...more] = alarm.cameras;
  if (camera === undefined || more.length > 0) return <strong>{alarm.title}</strong>;
  return <a href={hashOf({ name: 'camera', id: camera })}>{alarm.title}</a>;
}

/** On a tile: that its camera has an alarm; the shape says it, the colour only helps. */
export function AlarmMark({ alarm }: { alarm: Alarm | undefined }) {
  if (!alarm) return null;
  return (
    <span class="alarm-mark" title={sentence(`alarm: ${alarm.text}`)}>
      <Icon sign="bell" />
      <span class="unseen">Alarm</span>
    </span>
  );
}

/** Sounds alarms that were not there a moment ago, where a person permitted it. */
function useSound(alarms: Alarm[]): [Sound, () => void, (sound: Sound) => void] {
  const [sound, setSound] = useState<Sound>(SILENT);
  const audio = useRef<AudioContext | undefined>(undefined);
  const known = useRef(new Set<string>());
  const now = useNow();
  useEffect(() => {
    const isNew = alarms.some(({ cause }) => !known.current.has(cause));
    known.current = new Set(alarms.map(({ cause }) => cause));
    if (isNew && audio.current && soundAt(sound, now).name === 'on') ring(audio.current);
  }, [alarms, sound, now]);
  const permit = (): void => {
    audio.current ??= new AudioContext();
    void audio.current.resume();
    // Who turns it on hears what it sounds like.
    ring(audio.current);
    setSound({ name: 'on' });
  };
  return [sound, permit, setSound];
}
