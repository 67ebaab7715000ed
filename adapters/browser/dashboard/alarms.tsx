import './alarms.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { MUTE_MINUTES, SILENT, type Sound, soundAt, soundsNow } from './alarm-sound.ts';
import { ring } from './alarm-tone.ts';
import { type Alarm, countOf, isUnanswered } from './alarms.ts';
import { callApi, failureText } from './api.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { hashOf } from './route.ts';
import { duration, timeOfDay } from './time.ts';

const MINUTE_MS = 60_000;

/** In the header: how many alarms there are, the newest first, and whether new ones are heard. */
export function Alarms({ alarms }: { alarms: Alarm[] }) {
  const now = useNow();
  const [sound, permit, setSound] = useSound(alarms);
  const heard = soundAt(sound, now);
  const count = countOf(alarms);
  const wantsLook = alarms.some(isUnanswered);
  return (
    <details class={`alarms ${wantsLook ? 'raised' : ''}`}>
      <summary title={count}>
        <Icon sign={alarms.length > 0 && !wantsLook ? 'taken' : 'bell'} />
        <span role="status">{count}</span>
      </summary>
      <div class="menu">
        <ol aria-label="Alarms, those that nobody takes care of first">
          {alarms.map((alarm) => (
            <AlarmItem key={alarm.id} alarm={alarm} now={now} />
          ))}
        </ol>
        {alarms.length === 0 && <p>Nothing wants a look.</p>}
        <div class="sound">
          {heard.name === 'off' && (
            <button type="button" onClick={permit}>
              Sound alarms
            </button>
          )}
          {heard.name === 'on' && (
            <>
              <span>Alarms sound until acknowledged. Mute for</span>
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

/** One alarm: what is wrong since when, who takes care of it, and a way to say that one does. */
function AlarmItem({ alarm, now }: { alarm: Alarm; now: number }) {
  const { id, text, raisedAt, acknowledged, gone } = alarm;
  const [failure, setFailure] = useState('');
  const acknowledge = (): void => {
    setFailure('');
    // The event tells it, here as on every other screen.
    callApi('POST', `/api/v1/alarms/${encodeURIComponent(id)}/acknowledge`, {}).catch((error) =>
      setFailure(failureText(error)),
    );
  };
  return (
    <li data-alarm={id} class={acknowledged ? 'taken' : ''}>
      <AlarmTitle alarm={alarm} />
      <span>{sentence(text)}</span>
      <span class="since">
        {timeOfDay(raisedAt, now)}, {duration(now - raisedAt)} ago
      </span>
      {gone && <span>{sentence(`${gone.text}; over at ${timeOfDay(gone.until, now)} unless it comes back`)}</span>}
      {acknowledged && (
        <span class="by">
          Acknowledged by {acknowledged.by}, {timeOfDay(acknowledged.at, now)}
          {acknowledged.note && `: ${acknowledged.note}`}
        </span>
      )}
      {alarm.mayAcknowledge && isUnanswered(alarm) && (
        <button type="button" title="Says to everybody that you take care of it" onClick={acknowledge}>
          Acknowledge
        </button>
      )}
      {failure && <span role="alert">{failure}</span>}
    </li>
  );
}

/** Leads to the camera, where it is about one. */
function AlarmTitle({ alarm }: { alarm: Alarm }) {
  const [camera, ...more] = alarm.cameras;
  if (camera === undefined || more.length > 0) return <strong>{alarm.title}</strong>;
  return <a href={hashOf({ name: 'camera', id: camera })}>{alarm.title}</a>;
}

/** On a tile: that its camera has an alarm, and whether somebody takes care of it; the shape says it. */
export function AlarmMark({ alarm }: { alarm: Alarm | undefined }) {
  if (!alarm) return null;
  const { text, acknowledged } = alarm;
  return (
    <span
      class={`alarm-mark ${acknowledged ? 'taken' : ''}`}
      title={sentence(acknowledged ? `alarm: ${text}; ${acknowledged.by} takes care of it` : `alarm: ${text}`)}
    >
      <Icon sign={acknowledged ? 'taken' : 'bell'} />
      <span class="unseen">{acknowledged ? 'Alarm, acknowledged' : 'Alarm'}</span>
    </span>
  );
}

/** Sounds alarms that nobody takes care of, where a person permitted it: at once, and again now and then. */
function useSound(alarms: Alarm[]): [Sound, () => void, (sound: Sound) => void] {
  const [sound, setSound] = useState<Sound>(SILENT);
  const audio = useRef<AudioContext | undefined>(undefined);
  const known = useRef(new Set<string>());
  const rangAt = useRef(0);
  const now = useNow();
  useEffect(() => {
    const open = alarms.filter(isUnanswered).map(({ id }) => id);
    const isNew = open.some((id) => !known.current.has(id));
    known.current = new Set(open);
    if (!audio.current || !soundsNow(sound, now, { open: open.length, isNew, rangAt: rangAt.current })) return;
    rangAt.current = now;
    ring(audio.current);
  }, [alarms, sound, now]);
  const permit = (): void => {
    audio.current ??= new AudioContext();
    void audio.current.resume();
    // Who turns it on hears what it sounds like.
    ring(audio.current);
    rangAt.current = now;
    setSound({ name: 'on' });
  };
  return [sound, permit, setSound];
}
