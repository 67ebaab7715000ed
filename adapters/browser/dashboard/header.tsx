import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Alarm } from './alarms.ts';
import { Alarms } from './alarms.tsx';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { Camera, Relay } from './model.ts';
import { Person } from './person.tsx';
import type { RoomView } from './room.ts';
import { duration } from './time.ts';
import { wordsFor } from './words.ts';

/** Worst first: what needs a look stands on the left. */
const ORDER = ['offline', 'quarantined', 'stalled', 'frozen', 'holding', 'connecting', 'switching', 'idle', 'live'];

const AWAY_AFTER_MS = 2_000;
/** So long before it ends, a sign-in says so: the wall goes dark with it. */
const WARN_MS = 15 * 60_000;

/** The line on top: how many cameras in which state, relays, the event stream, the time. */
export function Header(props: {
  view: RoomView;
  alarms: Alarm[];
  layouts: ComponentChildren;
  help: () => void;
  declare: () => void;
  addCamera: () => void;
}) {
  const { view, alarms, layouts, help, declare, addCamera } = props;
  const now = useNow();
  const { world, stream, streamSince, signedInUntil } = view;
  const leftMs = signedInUntil - now;
  // A gateway that is back at once is no news.
  const isAway = stream === 'away' && now - streamSince >= AWAY_AFTER_MS;
  return (
    <header class="top">
      <a class="brand" href="#/" aria-label="Signalbox">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 27V5M9 7l15 5-15 5" />
        </svg>
        <span>Signalbox</span>
      </a>
      {layouts}
      <div class="standing">
        {isAway ? (
          <p class="away" role="alert">
            The gateway does not answer.<span> Pictures go on; states may be old.</span>{' '}
            <span aria-hidden="true">{duration(now - streamSince)}</span>
          </p>
        ) : (
          <Counts cameras={world.cameras} />
        )}
        <Relays relays={world.relays} />
        {leftMs < WARN_MS && leftMs > 0 && <span class="stream needs-look">Sign-in ends in {duration(leftMs)}</span>}
      </div>
      <span class={`stream ${stream === 'open' ? '' : 'needs-look'}`} title="Whether this page hears what happens">
        <Lamp good={stream === 'open'} bad={stream === 'away' || stream === 'denied'} />
        {stream === 'open' ? (
          <span class="unseen">Events live</span>
        ) : stream === 'connecting' ? (
          'Connecting'
        ) : (
          'Events away'
        )}
      </span>
      <Alarms alarms={alarms} />
      <More>
        <a class="to-time" href="#/time" title="What happened, and how everything stood (t)">
          Time line
        </a>
        <time class="clock">{new Date(now).toLocaleTimeString('en-GB')}</time>
        {view.administers && (
          <button type="button" class="add-button" onClick={addCamera}>
            Add a camera…
          </button>
        )}
        {view.operates && (
          <button type="button" class="declare-button" onClick={declare}>
            Emergency…
          </button>
        )}
        <button type="button" class="help-button" onClick={help} aria-label="Keys" title="Keys (?)">
          ?
        </button>
        {view.person && <Person name={view.person} sub={view.sub} />}
      </More>
    </header>
  );
}

/** What a phone has no room for: there it is a menu, elsewhere it stands in the header. */
function More({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="more-button"
        aria-expanded={open}
        aria-controls="rest"
        onClick={() => setOpen(!open)}
      >
        More
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: it hears what its own buttons are told */}
      <div
        id="rest"
        class={`rest ${open ? 'unfolded' : ''}`}
        onClick={({ target }) => target instanceof Element && !target.closest('.person') && setOpen(false)}
      >
        {children}
      </div>
    </>
  );
}

/** Round and full is good, square is bad, an empty ring is neither. */
function Lamp({ good, bad }: { good: boolean; bad: boolean }) {
  return <i class={`lamp ${good ? 'lamp-good' : bad ? 'lamp-bad' : ''}`} aria-hidden="true" />;
}

/** Those that do not serve, by name; of the others how many. */
function Relays({ relays }: { relays: Relay[] }) {
  const serving = relays.filter(({ state }) => state === 'serving');
  return (
    <ul class="relays" aria-label="Relays">
      {relays
        .filter((relay) => !serving.includes(relay))
        .map(({ id, role, state, why }) => (
          <li key={id} class="needs-look" title={`${role}, ${state}: ${why?.text ?? ''}`}>
            <Lamp good={false} bad={state === 'dead'} />
            {id} {state}
          </li>
        ))}
      {serving.length > 0 && (
        <li title={`Serving: ${serving.map(({ id }) => id).join(', ')}`}>
          <Lamp good={true} bad={false} />
          {serving.length === 1 ? '1 relay' : `${serving.length} relays`}
        </li>
      )}
    </ul>
  );
}

function Counts({ cameras }: { cameras: Camera[] }) {
  return (
    <ul class="counts" aria-label="Cameras by state">
      {counts(cameras).map(({ state, count }) => (
        <li key={state} class={`state-${state}`} title={wordsFor(state).word}>
          <Icon sign={wordsFor(state).sign} />
          <b>{count}</b> <span>{wordsFor(state).word.toLowerCase()}</span>
        </li>
      ))}
    </ul>
  );
}

function counts(cameras: Camera[]): { state: string; count: number }[] {
  const states = [...new Set(cameras.map(({ state }) => state))];
  const rank = (state: string): number => (ORDER.indexOf(state) + ORDER.length + 1) % (ORDER.length + 1);
  states.sort((a, b) => rank(a) - rank(b));
  return states.map((state) => ({ state, count: cameras.filter((camera) => camera.state === state).length }));
}
