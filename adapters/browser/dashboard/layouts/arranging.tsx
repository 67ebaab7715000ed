import { useState } from 'preact/hooks';
import { callApi } from '../api.ts';
import type { Camera } from '../model.ts';
import { type Layout, wishOf } from './layout.ts';
import type { Layouts } from './use-layouts.ts';

const GRID = [1, 2, 3, 4, 5, 6, 7, 8];
const TOURS_S = [5, 10, 15, 20, 30, 60, 120, 300];
const SHARES = [
  ['', 'nobody else'],
  ['operator', 'operators'],
  ['viewer', 'everybody'],
] as const;

/** Without what is undefined: then it is not there. */
const set = <K extends 'columns' | 'rows' | 'tour' | 'sharedWith'>(
  layout: Layout,
  name: K,
  value: Layout[K],
): Layout => {
  const { [name]: _former, ...others } = layout;
  return (value === undefined ? others : { ...others, [name]: value }) as Layout;
};

/** Above a wall that is arranged: its name, its size, whether it tours, who has it, and the cameras that are not on it. */
export function Arranging(props: {
  draft: Layout;
  cameras: Camera[];
  layouts: Layouts;
  administers: boolean;
  change: (draft: Layout | undefined) => void;
}) {
  const { draft, cameras, layouts, administers, change } = props;
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const work = async (run: () => Promise<string>): Promise<void> => {
    setBusy(true);
    setFailure('');
    try {
      const id = await run();
      await layouts.read();
      change(undefined);
      layouts.choose(id);
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const path = `/api/v1/layouts/${encodeURIComponent(draft.id)}`;
  const wish = wishOf(draft, administers);
  const make = () => work(async () => (await callApi('POST', '/api/v1/layouts', withoutNulls(wish))).id);
  const save = () => (draft.id === '' ? make() : work(async () => (await callApi('PATCH', path, wish)).id));
  const remove = () =>
    work(async () => {
      await callApi('DELETE', path);
      return '';
    });
  const off = cameras.filter(({ id }) => !draft.cameras.includes(id));
  const numbers = (name: 'columns' | 'rows', label: string) => (
    <label>
      {label}
      <select
        value={draft[name] ?? ''}
        onChange={({ currentTarget }) => change(set(draft, name, Number(currentTarget.value) || undefined))}
      >
        <option value="">as fit</option>
        {GRID.map((count) => (
          <option key={count} value={count}>
            {count}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form
      class="arranging"
      aria-label="Arrange the wall"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div class="fields">
        <label>
          Name
          <input
            required
            maxLength={64}
            pattern=".*\S.*"
            autocomplete="off"
            value={draft.name}
            onInput={({ currentTarget }) => change({ ...draft, name: currentTarget.value })}
          />
        </label>
        {numbers('columns', 'Columns')}
        {numbers('rows', 'Rows of a page')}
        <label class="tick">
          <input
            type="checkbox"
            checked={draft.big}
            onChange={({ currentTarget }) => change({ ...draft, big: currentTarget.checked })}
          />{' '}
          First one big
        </label>
        <label>
          Next page
          <select
            value={draft.tour?.everyS ?? ''}
            onChange={({ currentTarget }) => {
              const everyS = Number(currentTarget.value);
              change(set(draft, 'tour', everyS ? { layouts: [], ...draft.tour, everyS } : undefined));
            }}
          >
            <option value="">by hand</option>
            {TOURS_S.map((seconds) => (
              <option key={seconds} value={seconds}>
                after {seconds} s
              </option>
            ))}
          </select>
        </label>
        {administers && (
          <label>
            Shared with
            <select
              value={draft.sharedWith ?? ''}
              onChange={({ currentTarget }) => change(set(draft, 'sharedWith', currentTarget.value || undefined))}
            >
              {SHARES.map(([role, who]) => (
                <option key={role} value={role}>
                  {who}
                </option>
              ))}
            </select>
          </label>
        )}
        <span class="buttons">
          <button type="submit" disabled={busy}>
            Save
          </button>
          {draft.id !== '' && (
            <button type="button" disabled={busy} onClick={() => void make()}>
              Save as another
            </button>
          )}
          {draft.id !== '' && (
            <button type="button" disabled={busy} onClick={() => (sure ? void remove() : setSure(true))}>
              {sure ? 'Delete it now' : 'Delete…'}
            </button>
          )}
          <button type="button" disabled={busy} onClick={() => change(undefined)}>
            Cancel
          </button>
        </span>
      </div>
      {draft.tour && <Then draft={draft} tour={draft.tour} others={layouts.items} change={change} />}
      {off.length > 0 && (
        <fieldset>
          <legend>Not on this wall</legend>
          {off.map(({ id, name }) => (
            <button key={id} type="button" onClick={() => change({ ...draft, cameras: [...draft.cameras, id] })}>
              + {name}
            </button>
          ))}
        </fieldset>
      )}
      {failure && <p role="alert">{failure}</p>}
    </form>
  );
}

const withoutNulls = (wish: object): object =>
  Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== null));

/** The layouts that a tour shows after its own. */
function Then(props: {
  draft: Layout;
  tour: NonNullable<Layout['tour']>;
  others: Layout[];
  change: (draft: Layout) => void;
}) {
  const { draft, tour, change } = props;
  const others = props.others.filter(({ id }) => id !== draft.id);
  if (others.length === 0) return null;
  return (
    <fieldset>
      <legend>Then also</legend>
      {others.map(({ id, name }) => (
        <label key={id} class="tick">
          <input
            type="checkbox"
            checked={tour.layouts.includes(id)}
            onChange={({ currentTarget }) => {
              const rest = tour.layouts.filter((one) => one !== id);
              change({ ...draft, tour: { ...tour, layouts: currentTarget.checked ? [...rest, id] : rest } });
            }}
          />{' '}
          {name}
        </label>
      ))}
    </fieldset>
  );
}
