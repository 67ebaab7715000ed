import type { ComponentChildren, CSSProperties } from 'preact';
import { useCallback, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import type { Alarm } from './alarms.ts';
import { AlarmMark } from './alarms.tsx';
import type { Broadcast, Incident } from './emergency.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import { isImportant, markImportant } from './important.ts';
import { backupOf, type Camera, type Switched } from './model.ts';
import { MovedNote } from './moved-note.tsx';
import { Plugs } from './plug.tsx';
import { hashOf } from './route.ts';
import { type Playing, Screen } from './screen.tsx';
import { Star } from './star.tsx';
import { duration, span, timeOfDay } from './time.ts';
import { WhatIfNote } from './timeline/whatif-note.tsx';
import type { Outcome } from './timeline/whatif-wall.ts';
import { Urgent, wordOf } from './urgent.tsx';
import { wordsFor } from './words.ts';

/** What a tile shows, and where it stands. */
interface TileProps {
  camera: Camera;
  /** The emergency that the camera is in. */
  incident: Incident | undefined;
  /** Where it is pushed to, as far as the viewer may know. */
  broadcasts: Broadcast[];
  /** The newest alarm that its camera has a part in. */
  alarm: Alarm | undefined;
  demo: boolean;
  /** What would become of it, while a question of what-if is looked at. */
  outcome: Outcome | undefined;
  role: 'wall' | 'large' | 'strip';
  /** It takes two columns and two rows. */
  isBig: boolean;
  /** What lies over it. */
  cover: ComponentChildren;
  style: CSSProperties;
}

/** A camera on the wall: its picture, and a border, a sign and a word that tell its state. */
export function Tile({ camera, incident, broadcasts, alarm, demo, outcome, role, isBig, cover, style }: TileProps) {
  const [playing, setPlaying] = useState<Playing>();
  const tell = useCallback((now: Playing) => setPlaying(now), []);
  const [important, setImportant] = useState(isImportant(camera.id));
  const mark = (on: boolean): void => {
    markImportant(camera.id, on);
    setImportant(on);
  };
  const words = wordsFor(camera.state, camera.why?.reason);
  // The age of a picture that stands still is how long it stands, which is said elsewhere.
  const moving = !words.dark && camera.state !== 'frozen';
  const past = playing?.past === true;
  const latency = moving && !past && playing?.state === 'playing' ? playing.measured?.latency : undefined;
  const stale = moving && (playing?.state === 'stalled' || playing?.state === 'reconnecting');
  const backup = words.dark ? undefined : backupOf(camera);
  const onBackup = backup === undefined ? '' : `, on backup ${backup}`;
  const urgency = incident ? `${wordOf(incident)}, ${incident.reason}. ` : '';
  const state = `${words.word}${words.dark && camera.why ? `, ${camera.why.text}` : onBackup}`;
  const label = `${urgency}${camera.name}, ${camera.zone}: ${state}`;
  return (
    <article
      class={`tile in-${role} ${isBig ? 'in-big' : ''} state-${camera.state} ${past ? '' : words.dark ? 'dark' : stale ? 'stale' : ''} ${frameOf(incident)}`}
      style={style}
      data-camera={camera.id}
    >
      <a class="open" href={hashOf({ name: 'camera', id: camera.id })} title={`Show ${camera.name} large`}>
        <span class="unseen">{label}</span>
      </a>
      <div class="picture">
        <Screen camera={camera} dark={words.dark} hot={important} large={role === 'large'} tell={tell} />
        {!past && camera.state === 'frozen' && <div class="hatch" />}
        {!past && (words.dark ? <Dark camera={camera} /> : <Trouble camera={camera} playing={playing} />)}
        {outcome && <WhatIfNote outcome={outcome} />}
        <Urgent incident={incident} broadcasts={broadcasts} />
        {!past && (
          <div class="notes">
            {moving && playing?.state === 'playing' && <MovedNote moved={playing.moved} />}
            {!words.dark && camera.switched && <Switch switched={camera.switched} />}
          </div>
        )}
      </div>
      <footer class="caption">
        <span class={past ? 'badge past' : 'badge'}>
          {!past && <Icon sign={words.sign} />}
          {past ? 'Past' : words.word}
        </span>
        <span class="title">
          <span class="name">{camera.name}</span>
          <span class="place">
            {backup !== undefined && (
              <b class="backup">
                <Icon sign="swap" /> On backup {backup}
              </b>
            )}
            <span class="zone">{camera.zone}</span>
          </span>
        </span>
        <AlarmMark alarm={alarm} />
        <span class="figures">
          {latency && (
            <span class="latency" title={latency.measured ? 'From the camera to this screen' : 'Estimated'}>
              {latency.measured ? '' : '≈ '}
              {latency.ms} ms
            </span>
          )}
          <span class="viewers" title={`${camera.viewers} watching`}>
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
              <path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z" />
            </svg>
            {camera.viewers}
          </span>
        </span>
        {role !== 'strip' && <Star on={important} turn={mark} />}
        {demo && role !== 'strip' && <Plugs camera={camera} />}
      </footer>
      {cover}
    </article>
  );
}

const frameOf = (incident: Incident | undefined): string =>
  incident ? `emergency ${incident.drill ? 'drill' : ''}` : '';

/** Over the last picture of a camera that gives none: since when, why, what next. */
function Dark({ camera }: { camera: Camera }) {
  const now = useNow();
  const words = wordsFor(camera.state, camera.why?.reason);
  return (
    <div class="veil">
      <Icon sign={words.sign} />
      <strong>{words.word}</strong>
      <span class="for">
        for <b>{duration(now - camera.since)}</b>, since {timeOfDay(camera.since, now)}
      </span>
      {camera.why?.text && <span class="why">{sentence(camera.why.text)}</span>}
      {words.next && <span class="next">{words.next}</span>}
    </div>
  );
}

const SWITCH_SHOWN_MS = 10_000;

/** For a while after a switch, or a return: how long the picture was away, and why it comes from where it does. */
function Switch({ switched }: { switched: Switched }) {
  const now = useNow();
  if (now - switched.at > SWITCH_SHOWN_MS) return null;
  return (
    <div class="note switch">
      <Icon sign="swap" />
      <b>{span(switched.gapMs)} without a picture.</b> <span>{sentence(switched.text)}</span>
    </div>
  );
}

/** A camera that has a picture which this page does not show. */
function Trouble({ camera, playing }: { camera: Camera; playing: Playing | undefined }) {
  const now = useNow();
  if (camera.state === 'frozen') {
    return (
      <div class="note">
        <Icon sign="snow" />
        <b>Picture stands still</b> for {duration(now - camera.since)}
      </div>
    );
  }
  if (!playing || playing.state === 'playing' || playing.state === 'connecting') return null;
  const text = playing.state === 'ended' ? playing.text : 'No picture on this screen; connecting again.';
  return <div class="note late">{text}</div>;
}
