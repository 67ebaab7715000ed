import './add-camera.css';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Preview } from './add-camera-preview.tsx';
import { callApi, failureText } from './api.ts';
import {
  cameraOf,
  type Found,
  type Login,
  type Looked,
  loginIn,
  MOST_DAYS,
  playable,
  profileText,
} from './found-camera.ts';
import type { Camera } from './model.ts';
import { go } from './route.ts';

/** A camera that was looked at, and as whom. */
interface Candidate {
  looked: Looked;
  /** The name that it was found under. */
  called: string;
  login: Login;
}

/** Work that a button sets off: whether it goes on, and what went wrong. */
function useWork() {
  const [busy, setBusy] = useState('');
  const [failure, setFailure] = useState('');
  const work = async (what: string, run: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setFailure('');
    try {
      await run();
    } catch (error) {
      setFailure(failureText(error));
    }
    setBusy('');
  };
  return { busy, failure, work };
}

/** Finds a camera or takes its address, shows what it has to offer, and adds it to the wall. */
export function AddCamera({ cameras, close }: { cameras: Camera[]; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [candidate, setCandidate] = useState<Candidate>();
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const shut = () => dialog.current?.close();
  return (
    <dialog class="help declare add-camera" ref={dialog} onClose={close} aria-label="Add a camera">
      <h2>Add a camera</h2>
      {candidate ? (
        <Settle candidate={candidate} cameras={cameras} back={() => setCandidate(undefined)} shut={shut} />
      ) : (
        <Choose chosen={setCandidate} shut={shut} />
      )}
    </dialog>
  );
}

/** Which camera: one that is found, or one whose address is known. */
function Choose({ chosen, shut }: { chosen: (candidate: Candidate) => void; shut: () => void }) {
  const { busy, failure, work } = useWork();
  const [found, setFound] = useState<Found[]>();
  const [address, setAddress] = useState('');
  const find = () => work('find', async () => setFound((await callApi('POST', '/api/v1/devices/find', {})).items));
  const look = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget as HTMLFormElement);
    const login = { username: String(said.get('username')).trim(), password: String(said.get('password')) };
    return work('look', async () => {
      const looked: Looked = await callApi('POST', '/api/v1/devices/look', { address, ...loginIn(login) });
      chosen({ looked, called: found?.find(({ url }) => url === address)?.name ?? '', login });
    });
  };
  return (
    <form onSubmit={look}>
      <p class="buttons">
        <button type="button" onClick={() => void find()} disabled={busy !== ''}>
          {busy === 'find' ? 'Looking…' : 'Find cameras'}
        </button>
        <span class="until">Cameras that speak ONVIF, in the networks that the configuration names.</span>
      </p>
      {found && <FoundList found={found} address={address} choose={setAddress} />}
      <label>
        Address
        <input
          name="address"
          required
          maxLength={2048}
          value={address}
          onInput={({ currentTarget }) => setAddress(currentTarget.value)}
          placeholder="10.0.0.7, or rtsp://10.0.0.7/stream1"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
      </label>
      <div class="beside">
        <label>
          User at the camera
          <input name="username" maxLength={200} autocomplete="off" autocapitalize="none" spellcheck={false} />
        </label>
        <label>
          Password
          <input name="password" type="password" maxLength={200} autocomplete="new-password" />
        </label>
      </div>
      {failure && <p role="alert">{failure}</p>}
      <p class="buttons">
        <button type="submit" disabled={busy !== ''}>
          {busy === 'look' ? 'Asking the camera…' : 'Look at it'}
        </button>
        <button type="button" onClick={shut}>
          Cancel
        </button>
      </p>
    </form>
  );
}

function FoundList(props: { found: Found[]; address: string; choose: (url: string) => void }) {
  const { found, address, choose } = props;
  if (found.length === 0) {
    return <p>No camera answered. Is ONVIF switched on there? Otherwise give its address below.</p>;
  }
  return (
    <ul class="found" aria-label="Cameras that answered">
      {found.map(({ urn, url, from, name, hardware, cameras }) => (
        <li key={urn}>
          <button type="button" aria-pressed={url === address} onClick={() => choose(url)}>
            <b>{name || hardware || from}</b>
            <span>{[name && hardware, from].filter(Boolean).join(' at ')}</span>
            {cameras.length > 0 && <em>on the wall already: {cameras.join(', ')}</em>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What it shall be called, where it belongs, and which of its streams are used. */
function Settle(props: { candidate: Candidate; cameras: Camera[]; back: () => void; shut: () => void }) {
  const { candidate, cameras, back, shut } = props;
  const { looked, called, login } = candidate;
  const profiles = playable(looked.profiles);
  const [preferred, setPreferred] = useState(profiles[0]?.token ?? '');
  const { busy, failure, work } = useWork();
  const add = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget as HTMLFormElement);
    const taken = cameras.map(({ id }) => id);
    return work('add', async () => {
      const { id } = await callApi('POST', '/api/v1/cameras', cameraOf(said, looked, login, taken));
      shut();
      go({ name: 'camera', id });
    });
  };
  if (profiles.length === 0) {
    return (
      <>
        <p role="alert">It offers no H.264 and no H.265 stream. Set one up at the camera, then look at it again.</p>
        <p class="buttons">
          <button type="button" onClick={back}>
            Back
          </button>
        </p>
      </>
    );
  }
  const others = profiles.filter(({ token }) => token !== preferred);
  return (
    <form onSubmit={add}>
      <Preview url={profiles.find(({ token }) => token === preferred)?.url ?? ''} login={login} what={looked.name} />
      <label>
        Name
        <input name="name" required maxLength={200} defaultValue={called || looked.name} autocomplete="off" />
      </label>
      <label>
        Zone
        <input
          name="zone"
          required
          maxLength={200}
          list="zones"
          pattern="[a-z0-9][a-z0-9_\-]*(\/[a-z0-9][a-z0-9_\-]*)*"
          title="such as hcm/airport: lower-case letters, digits, _ and -, with / between"
          placeholder="hcm/airport"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
        />
        <datalist id="zones">
          {[...new Set(cameras.map(({ zone }) => zone))].map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </label>
      <div class="beside">
        <label>
          Preferred stream
          <select
            name="preferred"
            value={preferred}
            onChange={({ currentTarget }) => setPreferred(currentTarget.value)}
          >
            {profiles.map((profile) => (
              <option key={profile.token} value={profile.token}>
                {profileText(profile)}
              </option>
            ))}
          </select>
        </label>
        <label>
          When that one fails
          <select name="backup" key={preferred}>
            {others.map((profile) => (
              <option key={profile.token} value={profile.token}>
                {profileText(profile)}
              </option>
            ))}
            <option value="">no other</option>
          </select>
        </label>
      </div>
      <label class="tick">
        <input type="checkbox" name="keep" checked /> Stay connected while nobody watches
      </label>
      <RecordChoice />
      {failure && <p role="alert">{failure}</p>}
      <p class="buttons">
        <button type="submit" disabled={busy !== ''}>
          Add it
        </button>
        <button type="button" onClick={back} disabled={busy !== ''}>
          Back
        </button>
      </p>
    </form>
  );
}

/** Whether it is recorded always, and how long that is kept. */
function RecordChoice() {
  const [always, setAlways] = useState(false);
  return (
    <fieldset>
      <legend>Recording</legend>
      <label class="tick">
        <input type="radio" name="record" value="emergency" checked={!always} onChange={() => setAlways(false)} /> Only
        during emergencies
      </label>
      <div class="tick">
        <label class="tick">
          <input type="radio" name="record" value="always" checked={always} onChange={() => setAlways(true)} /> Always,
          kept for
        </label>
        <input
          type="number"
          name="days"
          class="days"
          aria-label="days that it is kept"
          required
          min={1}
          max={MOST_DAYS}
          defaultValue="7"
          onInput={() => setAlways(true)}
        />
        days
      </div>
    </fieldset>
  );
}
