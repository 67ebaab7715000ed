/** A camera that answered a search, as `POST /api/v1/devices/find` tells it. */
export interface Found {
  urn: string;
  url: string;
  from: string;
  name: string;
  hardware: string;
  /** Cameras of ours that are pulled from there already. */
  cameras: string[];
}

/** One of the streams that a camera offers. */
export interface Profile {
  token: string;
  name: string;
  url: string;
  codec?: string;
  width?: number;
  height?: number;
}

/** What `POST /api/v1/devices/look` tells. */
export interface Looked {
  kind: 'onvif' | 'stream';
  /** Where it is asked, and moved if it can be. */
  address: string;
  ptz: boolean;
  name: string;
  profiles: Profile[];
}

/** Who to be towards a camera; without a user name it is asked as nobody. */
export interface Login {
  username: string;
  password: string;
}

/** What is sent of a login along with an address. */
export const loginIn = ({ username, password }: Login): Partial<Login> => (username ? { username, password } : {});

/** Streams that browsers can be shown: those whose codec is not told may be one. */
export const playable = (profiles: Profile[]): Profile[] =>
  profiles.filter(({ codec }) => codec === undefined || /^h\.?26[45]$/i.test(codec));

/** A profile in one line, such as `Main, 1920 × 1080, H264`. */
export function profileText({ name, width, height, codec }: Profile): string {
  return [name, width && height ? `${width} × ${height}` : '', codec ?? ''].filter(Boolean).join(', ');
}

/** An id that says what the name says, and that no camera has yet. */
export function idFor(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFD')
    .replace(/[đĐ]/g, 'd')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 50);
  const stem = plain || 'camera';
  if (!taken.includes(stem)) return stem;
  for (let number = 2; ; number += 1) if (!taken.includes(`${stem}_${number}`)) return `${stem}_${number}`;
}

/** An address with the login in it, as it goes to the gateway in the body of a request. */
function withLogin(url: string, { username, password }: Login): string {
  if (!username) return url;
  return url.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}

/** Recordings are kept for ten years at most by what the form takes. */
export const MOST_DAYS = 3650;
const DAY_MS = 86_400_000;

/** What the form says, as `POST /api/v1/cameras` takes it: the preferred stream first, then the backup if there is one. */
export function cameraOf(said: FormData, looked: Looked, login: Login, taken: readonly string[]) {
  const { profiles, address, ptz } = looked;
  const name = String(said.get('name') ?? '').trim();
  const chosen = ['preferred', 'backup'].map((role) => profiles.find(({ token }) => token === said.get(role))?.url);
  const urls = [...new Set(chosen.filter((url) => url !== undefined))];
  return {
    id: idFor(name, taken),
    name,
    zone: String(said.get('zone') ?? '').trim(),
    keep: said.get('keep') === 'on' ? 'warm' : 'on-demand',
    sources: urls.map((url) => withLogin(url, login)),
    ...(said.get('record') === 'always' ? { record: { keep_ms: Number(said.get('days')) * DAY_MS } } : {}),
    ...(ptz ? { onvif: withLogin(address, login) } : {}),
  };
}
