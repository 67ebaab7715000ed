import { setTimeout as wait } from 'node:timers/promises';
import { type CameraZones, NATS_REVISION_USER, type ReaderScopes } from '../nats/accounts.ts';
import { converse, type NatsPlan, writeNatsConfig } from './servers.ts';
import type { StateFolder } from './state-folder.ts';

/** Who may hear what at the nats-server that is run here. */
export interface NatsReaders {
  /** Says in which zone each camera is from now on, and who reads; resolves once readers hear accordingly. */
  place(cameras: CameraZones, readers: ReaderScopes): Promise<void>;
}

const RELOADED_WITHIN_MS = 5_000;
const LOOK_AGAIN_MS = 15;

/**
 * Keeps the readers in step with the configuration, and with the cameras that are in their zones: that of the server is
 * written anew and read again where something else is to be heard. The server takes what somebody may hear no longer
 * from its open connection, cuts who is no reader any more, and leaves everybody else alone.
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
  const place = async (cameras: CameraZones, readers: ReaderScopes): Promise<void> => {
    const { revision } = writeNatsConfig({ ...plan, readers }, state, cameras);
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
    place(cameras, readers) {
      const turn = last.then(() => place(cameras, readers));
      last = turn.catch(() => {});
      return turn;
    },
  };
}
