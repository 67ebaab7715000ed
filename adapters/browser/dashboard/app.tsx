import { useEffect, useState } from 'preact/hooks';
import { AddCamera } from './add-camera.tsx';
import { inOrder } from './alarms.ts';
import { Declare } from './declare.tsx';
import { Detail } from './detail.tsx';
import { Guide } from './guide.tsx';
import { dismissGuide, isGuided } from './guided.ts';
import { Header } from './header.tsx';
import { Help } from './help.tsx';
import { useFollowed } from './hooks.ts';
import { Incidents } from './incidents.tsx';
import { copyOf, type Layout } from './layouts/layout.ts';
import { LayoutMenu, turnFullScreen } from './layouts/menu.tsx';
import { layoutInAddress, useLayouts } from './layouts/use-layouts.ts';
import { Workplace } from './layouts/workplace.tsx';
import type { Camera } from './model.ts';
import type { Room } from './room.ts';
import { go, routeOf, useRoute } from './route.ts';
import { SignIn } from './sign-in.tsx';
import { LIVE } from './timeline/link.ts';
import { TimeTravel } from './timeline/time-travel.tsx';
import { outcomeOn, WhatIfBanner } from './timeline/whatif-note.tsx';
import type { Thought } from './timeline/whatif-wall.ts';
import { wordsFor } from './words.ts';

/** The dashboard. */
export function App({ room }: { room: Room }) {
  const view = useFollowed(room);
  const alarms = inOrder(view.alarms);
  const route = useRoute();
  const [helping, setHelping] = useState(false);
  // A window of one wall hangs where nobody may be to learn.
  const [guiding, setGuiding] = useState(!isGuided() && !layoutInAddress());
  const [declaring, setDeclaring] = useState(false);
  const [adding, setAdding] = useState(false);
  const [thought, setThought] = useState<Thought>();
  const layouts = useLayouts(view.sub);
  const [draft, setDraft] = useState<Layout>();

  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const typing = event.target instanceof Element && event.target.closest('form');
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '?') setHelping(true);
      // An open dialog takes the key for itself.
      if (document.querySelector('dialog[open]')) return;
      const here = routeOf(location.hash);
      if (event.key === 'Escape' && here.name === 'camera') go({ name: 'wall' });
      if (event.key === 'f') turnFullScreen();
      if (event.key === 't' && here.name !== 'time') {
        event.stopImmediatePropagation();
        go({ name: 'time', view: { ...LIVE, cameras: here.name === 'camera' ? [here.id] : [] } });
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  if (!view.signedIn) return <SignIn />;
  const { cameras } = view.world;
  const chosen = route.name === 'camera' ? cameras.find(({ id }) => id === route.id) : undefined;
  const arrange = (layout: Layout | undefined): void => {
    const all: Layout = {
      id: '',
      name: '',
      owner: '',
      ownerName: '',
      yours: true,
      big: false,
      cameras: cameras.map(({ id }) => id),
    };
    setDraft(layout ?? copyOf(layouts.chosen ?? all, view.sub));
    go({ name: 'wall' });
  };
  return (
    <div class="room">
      <Header
        view={view}
        alarms={alarms}
        layouts={<LayoutMenu layouts={layouts} sub={view.sub} arrange={arrange} />}
        help={() => setHelping(true)}
        declare={() => setDeclaring(true)}
        addCamera={() => setAdding(true)}
      />
      <Incidents incidents={view.emergencies.incidents} operates={view.operates} />
      {thought && route.name !== 'time' && <WhatIfBanner thought={thought} close={() => setThought(undefined)} />}
      <main class={chosen ? 'with-detail' : ''}>
        {route.name === 'time' ? (
          <TimeTravel room={room} thought={thought} setThought={setThought} />
        ) : cameras.length === 0 ? (
          <Empty loaded={view.loaded} administers={view.administers} />
        ) : (
          <Workplace
            layouts={layouts}
            draft={draft}
            setDraft={setDraft}
            administers={view.administers}
            cameras={cameras}
            emergencies={view.emergencies}
            alarms={alarms}
            route={chosen ? route : { name: 'wall' }}
            demo={view.demo}
            outcomeOf={(camera) => outcomeOn(camera, thought, view.world.relays)}
          />
        )}
        {chosen && (
          <Detail
            key={chosen.id}
            camera={chosen}
            facts={view.world.facts}
            broadcasts={view.emergencies.broadcasts.filter(({ camera }) => camera === chosen.id)}
          />
        )}
      </main>
      <Announcer cameras={cameras} />
      {helping && (
        <Help
          close={() => setHelping(false)}
          guide={() => {
            setHelping(false);
            setGuiding(true);
          }}
        />
      )}
      {guiding && view.sub !== '' && cameras.length > 0 && (
        <Guide
          newcomer={view}
          route={route.name}
          cameras={cameras}
          close={() => {
            dismissGuide();
            setGuiding(false);
          }}
        />
      )}
      {adding && <AddCamera cameras={cameras} close={() => setAdding(false)} />}
      {declaring && <Declare cameras={cameras} close={() => setDeclaring(false)} />}
    </div>
  );
}

function Empty({ loaded, administers }: { loaded: boolean; administers: boolean }) {
  if (!loaded) return <p class="empty">Asking the gateway…</p>;
  if (administers) return <p class="empty">There is no camera yet: add one, above.</p>;
  return (
    <p class="empty">
      There is no camera that you may watch. An administrator adds one with <code>npm run signalbox -- camera add</code>
      .
    </p>
  );
}

/** Tells a screen reader when a camera changes. */
function Announcer({ cameras }: { cameras: Camera[] }) {
  const latest = cameras.reduce<Camera | undefined>(
    (found, camera) => (found && found.since >= camera.since ? found : camera),
    undefined,
  );
  return (
    <p class="unseen" aria-live="polite">
      {latest && `${latest.name}: ${wordsFor(latest.state).word}. ${latest.why?.text ?? ''}`}
    </p>
  );
}
