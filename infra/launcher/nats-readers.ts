import { setTimeout as wait } from 'node:timers/promises';
import { type CameraZones, NATS_REVISION_USER } from '../nats/accounts.ts';
import { converse, type NatsPlan, writeNatsConfig } from './servers.ts';
import type { StateFolder } from './state-folder.ts';

/** Who may hear what at the nats-server that is run here. */
export interface NatsReaders {
  /** Says in which zone each camera is from now on; resolves once readers of zones hear accordingly. */
  place(cameras: CameraZones): Promise<void>;
}

const RELOADED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 15;

/**
 * Keeps the readers of zones in step with the cameras that are in them: the configuration is written anew and read
 * again where another camera is to be heard. The server takes what somebody may hear no longer from its open
 * connection, and leaves everybody else's alone.
 * @param reload has nats-server read its configuration again; false: it does not run, and will read it when it starts
 */
export function keepNatsReaders(plan: NatsPlan, state: StateFolder, reload: () => boolean): NatsReaders {
  let known = writeNatsConfig(plan, state).revision;
  let last: Promise<void> = Promise.resolve();
  const isRead = (revision: string) =>
    converse(
      plan.port,
      `CONNECT ${JSON.stringify({ user: NATS_REVISION_USER, pass: revision })}\r\nPING\r\n`,
      /PONG/,
    ).then(
      () => true,
      () => false,
    );
  const place = async (cameras: CameraZones): Promise<void> => {
    const { revision } = writeNatsConfig(plan, state, cameras);
    if (revision === known || !reload()) return;
    for (
      const deadline = performance.now() + RELOADED_WITHIN_MS;
      !(await isRead(revision));
      await wait(LOOK_AGAIN_MS)
    ) {
      if (performance.now() > deadline) {
        throw new Error(
          `nats-server has not taken its configuration within ${RELOADED_WITHIN_MS / 1000} s: see its log`,
        );
      }
    }
    known = revision;
  };
  return {
    place(cameras) {
      const turn = last.then(() => place(cameras));
      last = turn.catch(() => {});
      return turn;
    },
  };
}
