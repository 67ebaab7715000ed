import type { Alarm } from './alarms.ts';
import { Alarms } from './alarms.tsx';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { Camera } from './model.ts';
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
  help: () => void;
  declare: () => void;
  addCamera: () => void;
}) {
  const { view, alarms, help, declare, addCamera } = props;
  const now = useNow();
  const { world, stream, streamSince, signedInUntil } = view;
  const leftMs = signedInUntil - now;
  // A gateway that is back at once is no news.
  const isAway = stream === 'away' && now - streamSince >= AWAY_AFTER_MS;
  return (
    <header class="top">
      <a class="brand" href="#/">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 27V5M9 7l15 5-15 5" />
        </svg>
        Signalbox
      </a>
      {isAway ? (
        <p class="away" role="alert">
          The gateway does not answer. Pictures go on; states may be old.{' '}
          <span aria-hidden="true">{duration(now - streamSince)}</span>
        </p>
      ) : (
        <Counts cameras={world.cameras} />
      )}
      <ul class="relays" aria-label="Relays">
        {world.relays.map((relay) => (
          <li
            key={relay.id}
            class={relay.state === 'serving' ? '' : 'needs-look'}
            title={`${relay.role}, ${relay.state}: ${relay.why?.text ?? ''}`}
          >
            <Lamp good={relay.state === 'serving'} bad={relay.state === 'dead'} />
            {relay.id} {relay.state === 'serving' ? '' : relay.state}
          </li>
        ))}
      </ul>
      <span class={`stream ${stream === 'open' ? '' : 'needs-look'}`}>
        <Lamp good={stream === 'open'} bad={stream === 'away' || stream === 'denied'} />
        {stream === 'open' ? 'Events live' : stream === 'connecting' ? 'Connecting' : 'Events away'}
      </span>
      {leftMs < WARN_MS && leftMs > 0 && <span class="stream needs-look">Sign-in ends in {duration(leftMs)}</span>}
      <Alarms alarms={alarms} />
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
    </header>
  );
}

/** Round and full is good, square is bad, an empty ring is neither. */
function Lamp({ good, bad }: { good: boolean; bad: boolean }) {
  return <i class={`lamp ${good ? 'lamp-good' : bad ? 'lamp-bad' : ''}`} aria-hidden="true" />;
}

function Counts({ cameras }: { cameras: Camera[] }) {
  return (
    <ul class="counts" aria-label="Cameras by state">
      {counts(cameras).map(({ state, count }) => (
        <li key={state} class={`state-${state}`}>
          <Icon sign={wordsFor(state).sign} />
          <b>{count}</b> {wordsFor(state).word.toLowerCase()}
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
