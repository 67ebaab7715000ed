import Type from 'typebox';
import { DeviceFailed } from '../../adapters/onvif/fault.ts';
import type { DeviceFault, FoundDevice } from '../../adapters/onvif/talk.ts';
import { PreviewBusy } from '../../adapters/preview.ffmpeg.ts';
import type { Login } from '../../adapters/secrets.files.ts';
import type { Unreachable } from '../../bus/events/camera.ts';
import { BadAddress, type CameraAddress, loginOf, parseCameraAddress, parseDeviceAddress } from '../config/address.ts';
import { Refusal, unavailable } from './errors.ts';
import type { Server } from './fastify.ts';
import type { HttpServices } from './services.ts';

/** Devices answer within half a second, and those on wireless links within two. */
const FIND_MS = 2_000;

const Text = Type.String({ maxLength: 2048 });
const asked = Type.Object(
  {
    address: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: 'a host, http://HOST/onvif/device_service, or rtsp://HOST/PATH',
    }),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    password: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
const FoundSchema = Type.Object({
  urn: Text,
  url: Text,
  from: Text,
  name: Text,
  hardware: Text,
  cameras: Type.Array(Text, { description: 'cameras of ours that are pulled from this host already' }),
});
const ProfileSchema = Type.Object({
  token: Text,
  name: Text,
  url: Text,
  codec: Type.Optional(Text),
  width: Type.Optional(Type.Number()),
  height: Type.Optional(Type.Number()),
  fps: Type.Optional(Type.Number()),
  kbps: Type.Optional(Type.Number()),
});
const LookedSchema = Type.Object({
  kind: Type.Enum(['onvif', 'stream']),
  address: Type.String({ description: 'as it is to be configured, without user name and password' }),
  name: Type.String({ description: 'maker and model' }),
  profiles: Type.Array(ProfileSchema, { description: 'best first' }),
  ptz: Type.Boolean({ description: 'it can be moved' }),
});

const NEXT: Record<DeviceFault, string> = {
  refused: 'Check address and port, and that ONVIF is switched on at the camera.',
  'no-route': 'Check the address, and that this machine has a way to its network.',
  'unknown-host': 'Check the spelling, or write its IP address.',
  timeout: 'Check the address, and that the camera has power and a network.',
  unauthorized:
    'Check user and password; some cameras lock an account after a few wrong ones, and some have users of ONVIF apart.',
  unsupported: 'Paste the rtsp:// address from its manual instead.',
  'no-ptz': 'It is a fixed camera, or PTZ is switched off there.',
  'no-preset': 'Load the presets again.',
  discovery: 'Correct discovery.on in the configuration.',
};
const STREAM_NEXT: Record<Unreachable, string> = {
  refused: 'Check address and port, and that RTSP is switched on at the camera.',
  'no-route': NEXT['no-route'],
  'unknown-host': NEXT['unknown-host'],
  timeout: NEXT.timeout,
  unauthorized: NEXT.unauthorized,
  'not-found': 'The camera is there, but has no stream of this path: look into its manual.',
  unsupported: 'Set the camera to H.264 or H.265.',
  ended: 'Try again.',
  relay: 'Try again.',
};

/** What a device did not do, for people. */
export function deviceRefusal(what: string, error: unknown): unknown {
  if (error instanceof PreviewBusy) return unavailable('busy', error.message);
  if (!(error instanceof DeviceFailed)) return error;
  return new Refusal(502, error.reason, `${what}: ${error.message}. ${NEXT[error.reason]}`);
}

interface Asked {
  address: string;
  username?: string;
  password?: string;
}

/** Takes what a person typed apart: what it is, where, and as whom. */
function targetOf({ address: typed, username, password }: Asked) {
  const text = typed.trim();
  const isStream = /^rtsps?:/i.test(text);
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  let address: CameraAddress;
  try {
    address = isStream ? parseCameraAddress(written) : parseDeviceAddress(written);
  } catch (error) {
    if (error instanceof BadAddress) throw new Refusal(400, 'address', `This address can’t be used: ${error.message}.`);
    throw error;
  }
  const login: Login | undefined = username === undefined ? loginOf(address) : { username, password: password ?? '' };
  return { isStream, url: address.url, host: new URL(address.url).hostname, login };
}

/** `/api/v1/devices`: cameras that are not ours yet, found and looked at before they are added. */
export function deviceRoutes(server: Server, { devices, streams, config, cells }: HttpServices): void {
  const tags = ['devices'];
  const pulledFrom = (host: string): string[] =>
    cells
      .list('camera')
      .filter(({ tags: marks }) => !marks.includes('over'))
      .filter(({ context }) => {
        const { sources = [] } = (context.settings ?? {}) as { sources?: { url: string }[] };
        return sources.some(({ url }) => URL.canParse(url) && new URL(url).hostname === host);
      })
      .map(({ id }) => id);

  /** Who asks while devices are being asked gets the same answers: one question at a time goes to a network. */
  let finding: Promise<FoundDevice[]> | undefined;
  const find = () => {
    finding ??= devices.find(config.discovery.on, FIND_MS).finally(() => {
      finding = undefined;
    });
    return finding;
  };

  server.post(
    '/api/v1/devices/find',
    { schema: { tags, response: { 200: Type.Object({ items: Type.Array(FoundSchema), next: Type.Null() }) } } },
    async () => {
      if (config.discovery.on.length === 0) {
        const text =
          'Looking for cameras is switched off: name addresses of this machine in the configuration, discovery: { on: [10.0.0.2] }.';
        throw new Refusal(409, 'discovery-off', text);
      }
      const found = await find().catch((error) => {
        throw deviceRefusal('Cameras could not be looked for', error);
      });
      return { items: found.map((one) => ({ ...one, cameras: pulledFrom(new URL(one.url).hostname) })), next: null };
    },
  );

  server.post(
    '/api/v1/devices/look',
    { schema: { tags, body: asked, response: { 200: LookedSchema } } },
    async (request) => {
      const { isStream, url, host, login } = targetOf(request.body);
      if (!isStream) {
        const device = await devices.look({ url, ...login }).catch((error) => {
          throw deviceRefusal(`The camera at ${host} could not be asked`, error);
        });
        const name = [device.manufacturer, device.model].filter(Boolean).join(' ');
        return { kind: 'onvif' as const, address: url, name, profiles: device.profiles, ptz: device.ptz !== undefined };
      }
      await asksStream(streams, url, host, login);
      return {
        kind: 'stream' as const,
        address: url,
        name: '',
        profiles: [{ token: '0', name: 'Stream', url }],
        ptz: false,
      };
    },
  );

  server.post('/api/v1/devices/picture', { schema: { tags, body: asked } }, async (request, reply) => {
    const { isStream, url, host, login } = targetOf(request.body);
    if (!isStream) throw new Refusal(400, 'address', 'A picture is taken of a stream: give its rtsp:// address.');
    await asksStream(streams, url, host, login);
    const jpeg = await streams.picture(url, login).catch((error) => {
      if (error instanceof PreviewBusy) throw deviceRefusal('', error);
      throw new Refusal(502, 'no-picture', `The stream at ${host} gives no picture: ${(error as Error).message}.`);
    });
    return reply.header('cache-control', 'no-store').type('image/jpeg').send(jpeg);
  });
}

/** @throws Refusal when a stream can't be opened, with what to do */
async function asksStream({ ask }: HttpServices['streams'], url: string, host: string, login?: Login): Promise<void> {
  const found = await ask(url, login);
  if (!('reason' in found)) return;
  const { reason, detail } = found;
  throw new Refusal(502, reason, `The stream at ${host} can’t be opened: ${detail}. ${STREAM_NEXT[reason]}`);
}
