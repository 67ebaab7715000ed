import { type LinkMessage, openLink } from '../../bus/carriers/link.ts';

/** What the launcher tells of one of its processes. */
export interface ProcessNews {
  name: string;
  what: 'started' | 'exited';
  /** For an exit: code or signal, and the last thing it said. */
  detail: string;
}

/** The gateway's end of the launcher link. */
export interface LauncherLink {
  /** Hears of starts and exits of every process of the group. The result stops it. */
  onProcess(hear: (news: ProcessNews) => void): () => void;
  /** Demo only: stops or starts the process of a demo camera's source. @throws Error with `reason` */
  plug(camera: string, source: number, plugged: boolean): Promise<void>;
  ensureSwitchers(count: number): void;
  /** Tells that this gateway serves, and where browsers sign in. */
  ready(url: string): void;
  isUp(): boolean;
  close(): void;
}

const ANSWER_WITHIN_MS = 10_000;

/** The launcher said no, or nothing. */
export class LauncherRefused extends Error {
  readonly reason: string;
  constructor(reason: string, text: string) {
    super(text);
    this.name = 'LauncherRefused';
    this.reason = reason;
  }
}

/**
 * Connects to the launcher.
 * @param holder this gateway's name
 * @param epoch the fencing token under which this gateway acts
 */
export function openLauncherLink(socket: string, holder: string, epoch: () => number): LauncherLink {
  const listeners = new Set<(news: ProcessNews) => void>();
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let readyUrl: string | undefined;
  let switchers = 0;
  let refs = 0;

  const hear = (message: LinkMessage): void => {
    const waiter = waiting.get(Number(message.ref));
    switch (message.type) {
      case 'done':
        waiter?.resolve();
        break;
      case 'refused':
        waiter?.reject(new LauncherRefused(String(message.reason), String(message.text)));
        break;
      case 'started':
      case 'exited': {
        const detail =
          message.type === 'exited' ? `${message.signal ?? message.code} ${message.text ?? ''}`.trim() : '';
        for (const listener of listeners) listener({ name: String(message.name), what: message.type, detail });
      }
    }
  };

  const link = openLink(socket, {
    hear,
    up(peer) {
      if (readyUrl) peer.send({ type: 'ready', holder, url: readyUrl });
      if (switchers > 0) peer.send({ type: 'ensure-switchers', ref: ++refs, holder, epoch: epoch(), count: switchers });
    },
  });

  const ask = (message: LinkMessage): Promise<void> => {
    const ref = ++refs;
    return new Promise<void>((resolve, reject) => {
      if (!link.isUp())
        return reject(new LauncherRefused('away', 'the launcher does not answer: is the group stopping?'));
      const timer = setTimeout(
        () => reject(new LauncherRefused('timeout', `the launcher has not answered within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      waiting.set(ref, {
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      link.send({ ...message, ref, holder, epoch: epoch() });
    }).finally(() => waiting.delete(ref));
  };

  return {
    onProcess(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    plug: (camera, source, plugged) => ask({ type: 'plug', camera, source, plugged }),
    ensureSwitchers(count) {
      switchers = Math.max(switchers, count);
      link.send({ type: 'ensure-switchers', ref: ++refs, holder, epoch: epoch(), count: switchers });
    },
    ready(url) {
      readyUrl = url;
      link.send({ type: 'ready', holder, url });
    },
    isUp: () => link.isUp(),
    close: () => link.close(),
  };
}
