import { isPublished } from '../bus/events/camera.ts';
import type { IntakeSlot } from '../machines/slots.ts';
import type { RelayPaths } from './mediamtx/relay-paths.ts';
import type { PathConfig } from './mediamtx.ts';

/** What the intake needs. */
export interface IntakeSettings {
  /**
   * The paths of the intake relay that pulls this camera, from now on until `end`.
   * @param published nobody is asked for it: somebody sends it to us
   */
  pull(camera: string, published: boolean): { paths: RelayPaths; end(): void };
  /** The login behind a credential reference, from the secret store. */
  login(reference: string): { username: string; password: string } | undefined;
}

/** Where a source lives at its intake relay. */
export const intakePath = (camera: string, source: string): string => `in/${camera}/${source}`;

/** Whose source a path at an intake relay is. */
export const cameraOfPath = (path: string): string => path.split('/')[1] ?? '';

/** All paths that are ours at an intake relay: after adoption, those that nobody holds are swept. */
export const INTAKE_PATHS = /^in\//;

/** A camera that two relays pull, on its way from one to the other. */
export interface Crossing {
  /** What is pulled twice; empty when nothing of the camera was pulled. */
  paths: string[];
  /** Whatever of the camera is pulled now is pulled by the second relay alone from now on. */
  arrive(): void;
  /** The second relay pulls it no more. */
  giveUp(): void;
}

/** The intake slot, the way from one relay to another, and recording where it is pulled. */
export interface IntakeMediamtx {
  slot: IntakeSlot;
  /** Has a source recorded by whichever relay pulls it, or no more. */
  record(camera: string, source: string, on: boolean): void;
  /** Another gateway says from now on whether it is recorded. */
  forgetRecord(camera: string, source: string): void;
  /** Has a second relay pull the sources of a camera that are pulled. */
  cross(camera: string, to: RelayPaths): Crossing;
}

/** A source that is pulled: where, and how it is asked for. */
interface Pulled {
  camera: string;
  name: string;
  /** Sent by a publisher, whose path stands as long as the camera is configured. */
  published: boolean;
  at: Set<RelayPaths>;
  askAt(paths: RelayPaths): void;
}

/**
 * Has the intake relay pull a source while the slot is held. Logins meet addresses only here, on the way to the
 * relay's API on loopback.
 */
export function intakeMediamtx({ pull, login }: IntakeSettings): IntakeMediamtx {
  const pulled = new Set<Pulled>();
  const recorded = new Map<string, boolean>();
  const leave = (one: Pulled, paths: RelayPaths): void => {
    if (one.at.delete(paths) && !one.published) paths.drop(one.name);
  };
  const slot: IntakeSlot = ({ camera, source, url, credential }, report) => {
    const name = intakePath(camera, source);
    const refused = (detail: string) => report({ type: 'intake.refused', source, detail });
    const found = credential === undefined ? undefined : login(credential);
    if (credential !== undefined && !found) {
      queueMicrotask(() => refused(`no login is stored for it: configure camera ${camera} again with its password`));
      return { release() {} };
    }
    const published = isPublished(url);
    const address = addressFor(url, found);
    if (!published && !address) {
      queueMicrotask(() => refused('its address is not an rtsp:// or rtsps:// address'));
      return { release() {} };
    }
    const { paths, end } = pull(camera, published);
    const one: Pulled = {
      ...{ camera, name, published, at: new Set() },
      askAt(there) {
        one.at.add(there);
        const record = recorded.get(name);
        if (record !== undefined) there.record(name, record);
        if (address) there.want(name, address, refused);
      },
    };
    one.askAt(paths);
    pulled.add(one);
    return {
      release() {
        pulled.delete(one);
        for (const there of one.at) leave(one, there);
        end();
      },
      detach() {
        pulled.delete(one);
        if (!published) for (const there of one.at) there.leave(name);
        // Another gateway cares for it, and may lead it elsewhere: should it come back here, it is looked for anew.
        end();
      },
    };
  };
  const of = (camera: string) => [...pulled].filter((one) => one.camera === camera);
  return {
    slot,
    forgetRecord: (camera, source) => void recorded.delete(intakePath(camera, source)),
    record(camera, source, on) {
      const name = intakePath(camera, source);
      recorded.set(name, on);
      for (const one of pulled) {
        if (one.name === name) for (const there of one.at) there.record(name, on);
      }
    },
    cross(camera, to) {
      // Nobody can be asked to publish twice: it comes back where it is told to.
      const crossing = of(camera).filter(({ at, published }) => !published && !at.has(to));
      for (const one of crossing) one.askAt(to);
      return {
        paths: crossing.map(({ name }) => name),
        arrive() {
          for (const one of of(camera)) {
            if (!one.at.has(to)) one.askAt(to);
            for (const there of [...one.at]) if (there !== to) leave(one, there);
          }
        },
        giveUp() {
          for (const one of crossing) if (pulled.has(one)) leave(one, to);
        },
      };
    },
  };
}

/** The relay logs addresses that it can't read, password and all: what is not surely one is not sent. */
function addressFor(url: string, login: { username: string; password: string } | undefined): PathConfig | undefined {
  if (isPublished(url) || !URL.canParse(url)) return undefined;
  const { protocol, username, host } = new URL(url);
  if (!/^rtsps?:$/.test(protocol) || username || !host) return undefined;
  const who = login ? `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@` : '';
  return { source: url.replace('://', `://${who}`), rtspTransport: 'tcp' };
}
