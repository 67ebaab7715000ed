import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CellView } from '../../../actors/cells.ts';
import { systemClock } from '../../../adapters/clock.ts';
import {
  cameraOfPath,
  INTAKE_PATHS,
  type IntakeMediamtx,
  intakeMediamtx,
  intakePath,
} from '../../../adapters/intake.mediamtx.ts';
import type { Mediamtx } from '../../../adapters/mediamtx.ts';
import { publishDoors, publishedPath } from '../../../adapters/publish.mediamtx.ts';
import type { Secrets } from '../../../adapters/secrets.files.ts';
import { type CameraSettings, isPublished } from '../../../bus/events/camera.ts';
import { type HandOver, handOverCameras } from './hand-over.ts';
import { type Intakes, keepIntakes } from './intakes.ts';
import type { RelayClients } from './relay-clients.ts';
import type { RelayReach } from './relay-reach.ts';

/** What taking cameras in needs. */
export interface IncomingParts {
  /** The host of this gateway, where there are several. */
  host: string | undefined;
  reaches: ReadonlyMap<string, RelayReach>;
  clients: RelayClients;
  login: Secrets['login'];
  /** How a relay stands; undefined before its cell lives. */
  relay(id: string): CellView | undefined;
  /** Whether the configuration lists a relay as it stands now. */
  lists(relay: string): boolean;
  /** Whether a relay is there, and not taken out of the configuration since the start. */
  isThere(relay: string): boolean;
  /** The fencing token for a camera's orders; 0 for one that is another gateway's. */
  epoch(camera: string): number;
  /** A camera is pulled by another intake than before. */
  onMoved(camera: string): void;
  log: Logger;
}

/** How cameras come in: one intake pulls each, or takes its publishers. */
export interface Incoming {
  slot: IntakeMediamtx['slot'];
  recording: Pick<IntakeMediamtx, 'record' | 'forgetRecord'>;
  intakes: Intakes;
  handOver: HandOver;
  /** The control APIs of the intakes that there are now. */
  apis(): readonly Mediamtx[];
  /** Takes publishers for the cameras that say so. */
  takePublishers(cameras: ReadonlyMap<string, Pick<CameraSettings, 'sources'>>): void;
  /** Learns which intake pulls which camera from what a former gateway left there. */
  takeUp(): Promise<void>;
  /** Cells of another gateway come here: what it wrote to the relays is found as it stands, and left untouched. */
  expectCells(): Promise<void>;
}

/** How long cells that come here wait for word of who pulls their cameras. */
const TAKE_UP_WITHIN_MS = 300;

/** Opens the way in. */
export function openIncoming(parts: IncomingParts): Incoming {
  const { host, reaches, clients, login, relay, lists, isThere, epoch, onMoved, log } = parts;
  const places = [...reaches.values()].filter(({ role }) => role === 'intake');
  const intakes = keepIntakes({
    places,
    host,
    view: relay,
    lists,
    now: systemClock.now,
    onMoved(camera, { intake, why }) {
      log.info({ camera, intake, why }, 'another intake pulls a camera');
      onMoved(camera);
    },
  });
  const doors = publishDoors(
    places.map(({ id }) => clients.paths(id)),
    (detail) => log.error({ detail }, 'an intake takes no publisher'),
  );
  const pulling = intakeMediamtx({
    pull(camera, published) {
      const end = intakes.pull(camera, published);
      return { paths: clients.paths(intakes.of(camera)), end };
    },
    login,
  });
  const handOver = handOverCameras({
    intakes,
    cross: (camera, to) => pulling.cross(camera, clients.paths(to)),
    paths: (intake) => clients.api(intake).paths(),
    isForeign: (camera) => epoch(camera) === 0,
    log,
  });
  const takeUp = async (): Promise<void> => {
    const look = async ({ id }: RelayReach) => {
      for (const { name, source } of await clients.api(id).paths()) {
        // Every intake has the paths of publishers: a camera is where one has come.
        if (source !== null && INTAKE_PATHS.test(name)) intakes.found(cameraOfPath(name), id);
      }
    };
    for (const one of await Promise.allSettled(places.map(look))) {
      // Its cameras are placed anew.
      if (one.status === 'rejected') log.warn({ err: one.reason }, 'an intake did not tell what it pulls');
    }
  };
  return {
    slot: pulling.slot,
    recording: pulling,
    intakes,
    handOver,
    apis: () => places.filter(({ id }) => isThere(id)).map(({ id }) => clients.api(id)),
    takePublishers(cameras) {
      const sent = [...cameras].flatMap(([camera, { sources }]) =>
        sources
          .filter(({ url }) => isPublished(url))
          .map(({ id, url }) => [intakePath(camera, id), publishedPath(url)] as const),
      );
      doors.settle(new Map(sent));
    },
    takeUp,
    async expectCells() {
      clients.lookAgain();
      // A host that is gone does not answer: its cameras are not waited for.
      await Promise.race([takeUp(), wait(TAKE_UP_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}
