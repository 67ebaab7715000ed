import { isDeepStrictEqual } from 'node:util';
import Type from 'typebox';
import { type EncoderNews, type Encoders, MakingSchema } from '../../adapters/push.mediamtx/making.ts';
import { type LinkMessage, openLink, type Way } from '../../bus/carriers/link.ts';
import { shape } from '../../bus/shape.ts';
import { processList } from '../launcher/process-list.ts';
import type { CameraZones, ReaderScopes } from '../nats/accounts.ts';

/** What the launcher tells of one of its processes. */
export interface ProcessNews {
  name: string;
  what: 'started' | 'exited';
  /** For an exit: how it ended, and the last thing it said. */
  detail: string;
}

/** The end of a process that was not meant to end. */
export interface UnexpectedExit {
  name: string;
  /** Epoch ms. */
  at: number;
  /** How it ended, and the last thing it said. */
  text: string;
}

/** The gateway's end of the launcher link. */
export interface LauncherLink {
  /** Hears of starts and exits of every process of the group. The result stops it. */
  onProcess(hear: (news: ProcessNews) => void): () => void;
  /** Whether a process was ended on purpose, and is not begun again by itself, as far as the launcher has told. */
  isStopped(name: string): boolean;
  /** The last unexpected exit of each process that had one, as far as the launcher has told. */
  unexpectedExits(): UnexpectedExit[];
  /** Demo only: stops or starts the process of a demo camera's source. @throws Error with `reason` */
  plug(camera: string, source: number, plugged: boolean): Promise<void>;
  ensureSwitchers(count: number): void;
  /** How many switchers it runs, as far as it has said. */
  switchers(): number;
  /** Has a relay that was there at its start run, or not. @throws LauncherRefused */
  runRelay(relay: string, runs: boolean): Promise<void>;
  /** The encoders of pushes, which run there. */
  encoders: Encoders;
  /** Ends the encoders that nobody here hears of. @param spared those that somebody else does */
  sweepEncoders(spared: (name: string) => boolean): Promise<void>;
  /** Says in which zone each camera is, and who hears facts over NATS; resolves once they do so accordingly. */
  placeCameras(zones: CameraZones, readers: ReaderScopes): Promise<void>;
  /** Tells what this gateway waits for before it can serve, for those who ask at its address meanwhile. */
  waits(text: string): void;
  /** Tells that this gateway is about to listen, and waits until its address is free. @throws LauncherRefused */
  listens(): Promise<void>;
  /** Tells that this gateway serves, and where browsers sign in. */
  ready(url: string): void;
  isUp(): boolean;
  close(): void;
}

/** What the launcher answers when it is asked for its encoders. */
const encoderList = shape(
  'list of encoders',
  Type.Object({
    folder: Type.String(),
    items: Type.Array(Type.Object({ name: Type.String(), making: MakingSchema, socket: Type.String() })),
  }),
);

const placing = (zones: CameraZones, readers: ReaderScopes) => ({
  type: 'place-cameras',
  cameras: [...zones].map(([id, zone]) => ({ id, zone })),
  readers,
});

const ANSWER_WITHIN_MS = 10_000;
const UP_WITHIN_MS = 2_000;

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
 * @param to its socket, or the way to the launcher of another host
 * @param holder this gateway's name
 * @param epoch the fencing token under which this gateway acts
 */
export function openLauncherLink(to: string | Way, holder: string, epoch: () => number): LauncherLink {
  const listeners = new Set<(news: ProcessNews) => void>();
  const encoderListeners = new Map<string, Set<(news: EncoderNews) => void>>();
  const waiting = new Map<number, { resolve(answer: LinkMessage): void; reject(error: Error): void }>();
  let readyUrl: string | undefined;
  let waitsFor: string | undefined;
  let switchers = 0;
  let runningSwitchers = 1;
  let placed: [CameraZones, ReaderScopes] | undefined;
  let refs = 0;
  const exits = new Map<string, UnexpectedExit>();
  const stopped = new Set<string>();

  const tellOf = ({ name }: LinkMessage, news: EncoderNews): void => {
    for (const listener of encoderListeners.get(String(name)) ?? []) listener(news);
  };

  const tellProcess = (news: ProcessNews, isStopped: boolean): void => {
    if (isStopped) stopped.add(news.name);
    else stopped.delete(news.name);
    for (const listener of listeners) listener(news);
  };

  const count = (names: readonly string[]): void => {
    const numbers = names.map((name) => Number(/^switcher-(\d{1,3})$/.exec(name)?.[1] ?? 0));
    runningSwitchers = Math.max(runningSwitchers, ...numbers);
  };

  const hear = (message: LinkMessage): void => {
    const waiter = waiting.get(Number(message.ref));
    switch (message.type) {
      case 'done':
        waiter?.resolve(message);
        break;
      case 'refused':
        waiter?.reject(new LauncherRefused(String(message.reason), String(message.text)));
        break;
      case 'encoder-made':
        tellOf(message, { what: 'made', mediaMs: Number(message.media_ms) });
        break;
      case 'encoder-ended':
        tellOf(message, { what: 'ended', detail: String(message.detail) });
        break;
      case 'processes':
        for (const { name, state, last_exit } of processList.parse(message).items) {
          count([name]);
          if (last_exit) exits.set(name, { name, ...last_exit });
          if (state !== 'stopped') stopped.delete(name);
          else if (!stopped.has(name)) tellProcess({ name, what: 'exited', detail: 'it was stopped' }, true);
        }
        break;
      case 'started':
      case 'exited': {
        const name = String(message.name);
        count([name]);
        const detail = message.type === 'exited' ? String(message.text) : '';
        if (typeof message.restart_ms === 'number') exits.set(name, { name, at: Number(message.at), text: detail });
        const isWanted = message.type === 'started' || typeof message.restart_ms === 'number';
        tellProcess({ name, what: message.type, detail }, !isWanted);
      }
    }
  };

  const awaitingUp = new Set<() => void>();
  const link = openLink(to, {
    hear,
    up(peer) {
      for (const heard of awaitingUp) heard();
      if (placed) peer.send({ ...placing(...placed), ref: ++refs, holder, epoch: epoch() });
      if (waitsFor) peer.send({ type: 'waits', holder, text: waitsFor });
      if (readyUrl) peer.send({ type: 'ready', holder, url: readyUrl });
      if (switchers > 0) peer.send({ type: 'ensure-switchers', ref: ++refs, holder, epoch: epoch(), count: switchers });
    },
  });

  const ask = (message: LinkMessage): Promise<LinkMessage> => {
    const ref = ++refs;
    return new Promise<LinkMessage>((resolve, reject) => {
      if (!link.isUp())
        return reject(new LauncherRefused('away', 'the launcher does not answer: is the group stopping?'));
      const timer = setTimeout(
        () => reject(new LauncherRefused('timeout', `the launcher has not answered within ${ANSWER_WITHIN_MS} ms`)),
        ANSWER_WITHIN_MS,
      );
      waiting.set(ref, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      link.send({ ...message, ref, holder, epoch: epoch() });
    }).finally(() => waiting.delete(ref));
  };

  /** Another machine's takes a moment longer; whoever does not come up refuses what is asked. */
  const comesUp = async (): Promise<void> => {
    if (link.isUp()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        awaitingUp.delete(done);
        resolve();
      };
      const timer = setTimeout(done, UP_WITHIN_MS);
      awaitingUp.add(done);
    });
  };

  const encoders: Encoders = {
    async list() {
      await comesUp();
      return encoderList.parse(await ask({ type: 'encoders' }));
    },
    async start(name, encoding) {
      await ask({ type: 'encode', name, ...encoding });
    },
    stop: (name) => link.send({ type: 'end-encoder', name, holder, epoch: epoch() }),
    hear(name, listener) {
      const listening = encoderListeners.get(name) ?? new Set();
      encoderListeners.set(name, listening.add(listener));
      return () => {
        listening.delete(listener);
        if (listening.size === 0) encoderListeners.delete(name);
      };
    },
  };

  return {
    onProcess(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async plug(camera, source, plugged) {
      await ask({ type: 'plug', camera, source, plugged });
    },
    isStopped: (name) => stopped.has(name),
    unexpectedExits: () => [...exits.values()],
    encoders,
    async sweepEncoders(spared) {
      for (const { name } of (await encoders.list()).items) {
        if (!encoderListeners.has(name) && !spared(name)) encoders.stop(name);
      }
    },
    ensureSwitchers(count) {
      switchers = Math.max(switchers, count);
      link.send({ type: 'ensure-switchers', ref: ++refs, holder, epoch: epoch(), count: switchers });
    },
    switchers: () => runningSwitchers,
    async runRelay(relay, runs) {
      await ask({ type: 'run-relay', relay, runs });
    },
    async placeCameras(zones, readers) {
      if (isDeepStrictEqual([zones, readers], placed)) return;
      placed = [zones, readers];
      // A launcher that is away is told when it is back.
      if (!link.isUp()) return;
      await ask(placing(zones, readers)).catch((error) => {
        placed = undefined;
        throw error;
      });
    },
    waits(text) {
      waitsFor = text;
      link.send({ type: 'waits', holder, text });
    },
    async listens() {
      waitsFor = undefined;
      await ask({ type: 'listens' });
    },
    ready(url) {
      readyUrl = url;
      link.send({ type: 'ready', holder, url });
    },
    isUp: () => link.isUp(),
    close: () => link.close(),
  };
}
