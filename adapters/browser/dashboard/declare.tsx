import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { callApi } from './api.ts';
import type { Camera } from './model.ts';

const LENGTHS = [15, 30, 60, 120, 240];
const ROLES = [
  { role: 'viewer', who: 'everybody who may watch other cameras' },
  { role: 'operator', who: 'operators of other zones' },
];

/** `hcm/airport` lies within `hcm/airport` and `hcm/*`. */
function zonesOf(cameras: Camera[]): string[] {
  const zones = cameras.flatMap(({ zone }) => {
    const parts = zone.split('/');
    const above = parts.slice(0, -1).map((_, index) => `${parts.slice(0, index + 1).join('/')}/*`);
    return [zone, ...above];
  });
  return [...new Set(zones)].sort();
}

/** What the form says, as `POST /api/v1/incidents` takes it. */
export function declarationOf(said: FormData): object {
  const names = String(said.get('people') ?? '').split(/[,;\s]+/);
  return {
    zone: said.get('zone'),
    reason: said.get('reason'),
    minutes: Number(said.get('minutes')),
    drill: said.get('drill') === 'on',
    grants: {
      subjects: [...new Set(names.filter(Boolean))],
      roles: said.getAll('role'),
      ...(said.get('history') === 'on' ? { history: 'since_grant' } : {}),
    },
  };
}

/** Asks what has happened, where, for how long and who else may watch, and declares it. It can't be hit by accident: nothing is prefilled. */
export function Declare({ cameras, close }: { cameras: Camera[]; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const said = declarationOf(new FormData(event.currentTarget as HTMLFormElement));
    setBusy(true);
    setFailure('');
    try {
      await callApi('POST', '/api/v1/incidents', said);
      dialog.current?.close();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <dialog class="help declare" ref={dialog} onClose={close} aria-label="Declare an emergency">
      <form onSubmit={submit}>
        <h2>Declare an emergency</h2>
        <p>
          Its cameras stay connected at their best, are recorded, and go on air at every destination; everybody who
          watches them sees that it is on. It ends by itself.
        </p>
        <label>
          What has happened?
          <input name="reason" required maxLength={500} autocomplete="off" />
        </label>
        <div class="beside">
          <label>
            Where?
            <select name="zone" required>
              <option value="">Choose a zone</option>
              {zonesOf(cameras).map((zone) => (
                <option key={zone} value={zone}>
                  {zone}
                </option>
              ))}
            </select>
          </label>
          <label>
            For how long?
            <select name="minutes">
              {LENGTHS.map((minutes) => (
                <option key={minutes} value={minutes} selected={minutes === 60}>
                  {minutes < 60 ? `${minutes} minutes` : minutes === 60 ? 'one hour' : `${minutes / 60} hours`}
                </option>
              ))}
            </select>
          </label>
        </div>
        <LetIn />
        <label class="tick">
          <input type="checkbox" name="drill" /> A drill: do everything but put it on air
        </label>
        {failure && <p role="alert">{failure}</p>}
        <p class="buttons">
          <button type="submit" class="alarm" disabled={busy}>
            Declare it
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** Who may watch these cameras while it runs, though they have no right to otherwise. */
function LetIn() {
  return (
    <fieldset>
      <legend>Who else may watch?</legend>
      <label>
        People, by the names that they sign in with
        <input name="people" placeholder="minh, hoa" autocomplete="off" autocapitalize="none" spellcheck={false} />
      </label>
      {ROLES.map(({ role, who }) => (
        <label class="tick" key={role}>
          <input type="checkbox" name="role" value={role} /> And {who}
        </label>
      ))}
      <label class="tick">
        <input type="checkbox" name="history" /> They may look back, too, at what is recorded from now on
      </label>
      <p class="until">
        Until the emergency ends: whoever it alone let in loses the picture within five seconds of its end.
      </p>
    </fieldset>
  );
}
