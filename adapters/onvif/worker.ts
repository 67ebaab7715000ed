import { parentPort } from 'node:worker_threads';
import onvif from 'onvif';
import { DeviceFailed, deviceFailed } from './fault.ts';
import { foundDevice } from './found.ts';
import { bestFirst, profileOf, type RawProfile, reachable, tokenOf } from './profiles.ts';
import type { Asked, Calls, FoundDevice, Preset, Target } from './talk.ts';

/**
 * The only place that knows the library. A thread of its own: the library throws where a device answers something
 * else than it should, from where nobody can catch it, and that must not end the gateway.
 */
type Cam = InstanceType<typeof onvif.Cam>;

const ANSWER_MS = 4_000;
const MOST_PROFILES = 8;
const MOST_CONNECTIONS = 256;

// Without a listener, a wrong answer to a search would be thrown.
onvif.Discovery.on('error', () => {});

/** A callback method of the library as a promise. */
const done = <T>(call: (callback: (error: unknown, value?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value as T))));

const connections = new Map<string, Promise<Cam>>();

/** Connects once, and stays acquainted: a move must not wait for the five questions of a beginning. */
function connected(target: Target): Promise<Cam> {
  const key = JSON.stringify([target.url, target.username, target.password]);
  const known = connections.get(key);
  if (known) return known;
  if (connections.size >= MOST_CONNECTIONS) connections.delete([...connections.keys()][0] ?? '');
  const made = connect(target);
  connections.set(key, made);
  made.catch(() => connections.delete(key));
  return made;
}

async function connect({ url, username, password }: Target): Promise<Cam> {
  // The library writes it into its XML as it is.
  if (/[<>&]/.test(username ?? '')) {
    throw new DeviceFailed('unauthorized', 'a user name with < > or & in it can not be used over ONVIF');
  }
  const at = new URL(url);
  const cam = new onvif.Cam({
    hostname: at.hostname,
    port: Number(at.port) || (at.protocol === 'https:' ? 443 : 80),
    path: `${at.pathname}${at.search}`,
    useSecure: at.protocol === 'https:',
    timeout: ANSWER_MS,
    autoconnect: false,
    // A login given for this address goes to this address alone, whatever the device says of its services.
    preserveAddress: true,
    ...(username === undefined ? {} : { username, password: password ?? '' }),
  });
  let warning = '';
  cam.on('warning', (text: unknown) => {
    warning ||= String(text);
  });
  await done((callback) => cam.connect(callback as never));
  // It goes on without profiles when they are refused to it.
  if (!cam.profiles?.length) throw deviceFailed(new Error(warning || 'it has no profiles'), username !== undefined);
  return cam;
}

/** Asks a connected device; after a failure it is connected anew. */
async function asking<T>(target: Target, ask: (cam: Cam) => Promise<T>): Promise<T> {
  const cam = await connected(target);
  try {
    return await ask(cam);
  } catch (error) {
    connections.delete(JSON.stringify([target.url, target.username, target.password]));
    throw error;
  }
}

const profilesOf = (cam: Cam): RawProfile[] => (cam.profiles as unknown as RawProfile[]).slice(0, MOST_PROFILES);

/** The profile over which a device is moved. */
function mover(cam: Cam): string {
  const profile = profilesOf(cam).find(({ PTZConfiguration }) => PTZConfiguration);
  const token = profile && tokenOf(profile);
  if (token === undefined) throw new DeviceFailed('no-ptz', 'none of its profiles can be moved');
  return token;
}

/** The library writes texts into its XML as they are. */
const inXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

async function presetsOf(cam: Cam): Promise<Preset[]> {
  await done((callback) => cam.getPresets({ profileToken: mover(cam) }, callback as never));
  const presets = (cam.presets ?? {}) as Record<string, { name?: unknown } | string>;
  return Object.entries(presets).map(([token, preset]) => ({
    token,
    name: String((typeof preset === 'object' ? preset.name : undefined) ?? token).slice(0, 200),
  }));
}

const calls: Calls = {
  async find(on) {
    const found = new Map<string, FoundDevice>();
    const hear = (answer: unknown, from: { address: string }) => {
      const device = foundDevice(answer, from.address);
      if (device) found.set(device.urn, device);
    };
    onvif.Discovery.on('device', hear);
    try {
      await new Promise<void>((resolve, reject) => {
        onvif.Discovery.probe({ device: on.interface, resolve: false, timeout: on.withinMs }, (errors) => {
          // A list tells of devices that answered badly; the others were found.
          if (errors instanceof Error) reject(new DeviceFailed('discovery', errors.message));
          else resolve();
        });
      });
    } finally {
      onvif.Discovery.off('device', hear);
    }
    return [...found.values()];
  },
  look: (target) =>
    asking(target, async (cam) => {
      const { manufacturer, model } = await done<{ manufacturer?: unknown; model?: unknown }>((callback) =>
        cam.getDeviceInformation(callback as never),
      );
      const profiles = await Promise.all(
        profilesOf(cam).map(async (raw) => {
          const ask = { protocol: 'RTSP', profileToken: tokenOf(raw) ?? '' };
          const answer = await done<{ uri?: unknown }>((callback) => cam.getStreamUri(ask, callback as never));
          const url = reachable(answer?.uri, target.url);
          return url === undefined ? [] : [profileOf(raw, url)];
        }),
      );
      const ptz = profilesOf(cam).find(({ PTZConfiguration }) => PTZConfiguration);
      const token = ptz && tokenOf(ptz);
      return {
        manufacturer: String(manufacturer ?? '').slice(0, 200),
        model: String(model ?? '').slice(0, 200),
        profiles: profiles.flat().sort(bestFirst),
        ...(token === undefined ? {} : { ptz: token }),
      };
    }),
  presets: (target) => asking(target, presetsOf),
  move: (target, { pan, tilt, zoom }, forMs) =>
    asking(target, (cam) => {
      const move = { profileToken: mover(cam), x: pan, y: tilt, zoom, timeout: forMs };
      return done((callback) => cam.continuousMove(move as never, callback as never));
    }),
  stop: (target) =>
    asking(target, (cam) =>
      done((callback) => cam.stop({ profileToken: mover(cam), panTilt: true, zoom: true }, callback as never)),
    ),
  goTo: (target, preset) =>
    asking(target, async (cam) => {
      // Only what the device itself names is written into its XML.
      const known = await presetsOf(cam);
      if (!known.some(({ token }) => token === preset)) {
        throw new DeviceFailed('no-preset', 'it has no such preset any more');
      }
      return done((callback) => cam.gotoPreset({ profileToken: mover(cam), preset } as never, callback as never));
    }),
  save: (target, name) =>
    asking(target, async (cam) => {
      const same = (await presetsOf(cam)).find((preset) => preset.name === name);
      const said = { profileToken: mover(cam), presetName: inXml(name), ...(same ? { presetToken: same.token } : {}) };
      return done((callback) => cam.setPreset(said as never, callback as never));
    }),
};

/** What these answer says nothing, and might not be passed on. */
const ORDERS: ReadonlySet<keyof Calls> = new Set(['move', 'stop', 'goTo', 'save']);

parentPort?.on('message', ({ id, call, args }: Asked) => {
  const work = calls[call] as (...given: unknown[]) => Promise<unknown>;
  work(...args).then(
    (value) => parentPort?.postMessage({ id, value: ORDERS.has(call) ? undefined : value }),
    (error) => {
      const { reason, message } = deviceFailed(error);
      parentPort?.postMessage({ id, reason, text: message });
    },
  );
});
