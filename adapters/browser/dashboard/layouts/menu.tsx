import { useRef } from 'preact/hooks';
import type { Layout } from './layout.ts';
import { Screens } from './screens.tsx';
import { type Layouts, layoutLink } from './use-layouts.ts';

/** Shows the page alone on the screen, or as it was before. */
export function turnFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

/** In the header: which wall is shown, the others, and what can be done with it. */
export function LayoutMenu(props: { layouts: Layouts; sub: string; arrange: (layout: Layout | undefined) => void }) {
  const { layouts, sub, arrange } = props;
  const { items, chosen, choose } = layouts;
  const menu = useRef<HTMLDetailsElement>(null);
  const shut = (then: () => void) => () => {
    if (menu.current) menu.current.open = false;
    then();
  };
  const link = chosen ? layoutLink(chosen.id) : '/';
  const entry = (id: string, name: string, note: string) => (
    <li key={id}>
      <a
        href={id === '' ? '/' : layoutLink(id)}
        aria-current={(chosen?.id ?? '') === id ? 'page' : undefined}
        onClick={(event) => {
          // With a key held, the browser opens a window of its own.
          if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          shut(() => choose(id))();
        }}
      >
        {name}
      </a>
      {note && <span>{note}</span>}
    </li>
  );
  return (
    <details class="layouts" ref={menu} onToggle={() => menu.current?.open && void layouts.read()}>
      <summary title="Which cameras are shown, and how">{chosen?.name ?? 'All cameras'}</summary>
      <div class="menu">
        <ul aria-label="Walls">
          {entry('', 'All cameras', '')}
          {items.map((layout) => entry(layout.id, layout.name, noteOf(layout, sub)))}
        </ul>
        <div class="acts">
          {chosen?.yours && (
            <button type="button" onClick={shut(() => arrange(chosen))}>
              Arrange…
            </button>
          )}
          <button type="button" onClick={shut(() => arrange(undefined))}>
            New wall from this…
          </button>
          <button type="button" onClick={shut(() => open(link, '_blank', 'popup'))}>
            In a window of its own
          </button>
          <Screens link={link} done={shut(() => {})} />
          <button type="button" onClick={shut(turnFullScreen)}>
            Full screen <kbd>f</kbd>
          </button>
        </div>
        {chosen && <p class="link">Link for others, each with their own cameras: {location.origin + link}</p>}
      </div>
    </details>
  );
}

const SHARED: Record<string, string> = {
  viewer: 'for everybody',
  operator: 'for operators',
  admin: 'for administrators',
};

function noteOf({ owner, ownerName, sharedWith }: Layout, sub: string): string {
  const whose = owner === sub ? '' : `of ${ownerName}`;
  return [sharedWith ? (SHARED[sharedWith] ?? 'shared') : '', whose].filter(Boolean).join(', ');
}
