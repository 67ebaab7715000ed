import { useEffect, useMemo, useState } from 'preact/hooks';
import { useFollowed } from '../hooks.ts';
import type { Room } from '../room.ts';
import { Controls } from './controls.tsx';
import { describe, exactTime, nameIn } from './describe.ts';
import { useTimeKeys } from './keys.ts';
import { Lanes } from './lanes.tsx';
import { Legend } from './legend.tsx';
import { PackagePanel } from './package/package-panel.tsx';
import { openPast, type Past } from './past.ts';
import { PicturePanel } from './pictures/picture-panel.tsx';
import { openPictures, type Pictures } from './pictures/pictures.ts';
import { openRecordings, type Recordings } from './pictures/recorded.ts';
import { EventTable } from './table.tsx';
import { Then } from './then.tsx';
import { openTravel, type Travel } from './travel.ts';
import { ghostsOf, windowOf } from './whatif.ts';
import { WhatIfPanel } from './whatif-panel.tsx';
import type { Thought } from './whatif-wall.ts';

/** The question of what-if that is looked at, here and on the wall. */
interface Thinking {
  thought: Thought | undefined;
  setThought: (thought: Thought | undefined) => void;
}

/** What the page opens when somebody looks at the past. */
interface Opening {
  past: Past;
  travel: Travel;
  recordings: Recordings;
  pictures: Pictures;
}

/** The time line: what happened, the state and the pictures of everything at a moment, and what would happen if. */
export function TimeTravel({ room, ...thinking }: { room: Room } & Thinking) {
  const [open, setOpen] = useState<Opening>();
  useEffect(() => {
    const past = openPast(room);
    const travel = openTravel(past);
    const recordings = openRecordings(room, travel);
    const pictures = openPictures(travel, recordings);
    setOpen({ past, travel, recordings, pictures });
    return () => {
      pictures.close();
      recordings.close();
      travel.close();
      past.close();
    };
  }, [room]);
  return open ? <Opened room={room} {...open} {...thinking} /> : null;
}

function Opened(props: { room: Room } & Opening & Thinking) {
  const { room, past, travel, recordings, pictures, thought } = props;
  const [asTable, setAsTable] = useState(false);
  const ghosts = useMemo(() => (thought ? ghostsOf(thought.answer) : []), [thought]);
  useTimeKeys(travel, pictures);
  return (
    <div class="time-travel">
      <section class="time-main" aria-label="Time line">
        <Controls past={past} travel={travel} />
        <Lanes room={room} past={past} travel={travel} recordings={recordings} ghosts={ghosts} />
        <Legend />
      </section>
      <aside class="detail time-side" aria-label="The moment">
        <Side {...props} />
        <details onToggle={(event) => setAsTable(event.currentTarget.open)}>
          <summary>Events as a table</summary>
          {asTable && <EventTable past={past} travel={travel} name={nameIn(room.view().world)} />}
        </details>
      </aside>
    </div>
  );
}

/** Beside the lanes: the pictures, the event, everything then, and what if. */
function Side(props: { room: Room } & Opening & Thinking) {
  const { room, past, travel, recordings, pictures, thought, setThought } = props;
  const { world, administers } = useFollowed(room);
  const { at, event, cameras } = useFollowed(travel);
  const { timeline } = useFollowed(past);
  const name = nameIn(world);
  const happening = event === undefined ? undefined : timeline.all.find(({ seq }) => seq === event);
  const show = (found: Thought | undefined): void => {
    setThought(found);
    if (found) travel.look(windowOf(found.answer));
  };
  const lane = happening?.lane ?? '';
  const chosen = lane.startsWith('camera/') ? lane.slice(7) : (cameras[0] ?? '');
  return (
    <>
      <div class="head">
        <h1>{at === undefined ? 'Now' : exactTime(at)}</h1>
        <a class="back" href="#/">
          Wall <kbd>t</kbd>
        </a>
      </div>
      {at === undefined ? (
        <p class="hint">
          The time line follows the present. Click it, or press <kbd>←</kbd>, to see how everything stood at a moment.
        </p>
      ) : (
        <>
          <PicturePanel pictures={pictures} travel={travel} cameras={world.cameras} fallback={chosen} />
          <p class="hint">
            Decisions are replayed, pictures are what was recorded: all of it is the past, nothing here is live.
          </p>
          {happening && (
            <p class="happening" aria-live="polite">
              {describe(happening, name)}
            </p>
          )}
          <Then moments={travel.moments} happening={happening} chosen={chosen} name={name} />
        </>
      )}
      {administers && (
        <PackagePanel travel={travel} recordings={recordings} cameras={world.cameras} fallback={chosen} />
      )}
      <WhatIfPanel world={world} at={at} name={name} thought={thought} setThought={show} />
    </>
  );
}
