import type { IntakeSlot } from '../machines/slots.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import type { PathConfig } from './mediamtx.ts';

/** What the intake needs. */
export interface IntakeSettings {
  /** The paths of the intake relay that pulls this camera, from now on until `end`. */
  pull(camera: string): { paths: RelayPaths; end(): void };
  /** The login behind a credential reference, from the secret store. */
  login(reference: string): { username: string; password: string } | undefined;
}

/** Where a source lives at its intake relay. */
export const intakePath = (camera: string, source: string): string => `in/${camera}/${source}`;

/** Whose source a path at an intake relay is. */
export const cameraOfPath = (path: string): string => path.split('/')[1] ?? '';

/** All paths that are ours at an intake relay: after adoption, those that nobody holds are swept. */
export const INTAKE_PATHS = /^in\//;

/**
 * Has the intake relay pull a source while the slot is held. Logins meet addresses only here, on the way to the
 * relay's API on loopback.
 */
export function intakeMediamtx({ pull, login }: IntakeSettings): IntakeSlot {
  return ({ camera, source, url, credential }, report) => {
    const name = intakePath(camera, source);
    const refused = (detail: string) => report({ type: 'intake.refused', source, detail });
    const found = credential === undefined ? undefined : login(credential);
    if (credential !== undefined && !found) {
      queueMicrotask(() => refused(`no login is stored for it: configure camera ${camera} again with its password`));
      return { release() {} };
    }
    const address = addressFor(url, found);
    if (!address) {
      queueMicrotask(() => refused('its address is not an rtsp:// or rtsps:// address'));
      return { release() {} };
    }
    const { paths, end } = pull(camera);
    paths.want(name, address, refused);
    return {
      release() {
        paths.drop(name);
        end();
      },
      detach: () => paths.leave(name),
    };
  };
}

/** The relay logs addresses that it can't read, password and all: what is not surely one is not sent. */
function addressFor(url: string, login: { username: string; password: string } | undefined): PathConfig | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, username, host } = new URL(url);
  if (!/^rtsps?:$/.test(protocol) || username || !host) return undefined;
  const who = login ? `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@` : '';
  return { source: url.replace('://', `://${who}`), rtspTransport: 'tcp' };
}
