import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type LinkMessage, openLink, type Peer, type Way } from '../../bus/carriers/link.ts';
import {
  type CarryOrder,
  type DepartOrder,
  type DeparturesOrder,
  type DropOrder,
  MAX_CAMERAS,
  type MeasureOrder,
  type Rate,
  type Told,
} from './talk.ts';

/** The switchers of one host: switcher-1, switcher-2 … */
export interface SwitcherHost {
  /** Its name among several. */
  name: string;
  /** It is another machine: files of this one are not there. */
  far?: boolean;
  /** How many there are, as far as is known; one at least. */
  known(): number;
  /** The way to one of them. */
  link(switcher: string): string | Way;
  /** Asks for at least so many switcher processes; may be asked again and again. */
  ensureSwitchers(count: number): void;
}

/** What a pool needs, and tells. */
export interface PoolOptions {
  host: Omit<SwitcherHost, 'name' | 'far'>;
  /** What a switcher said of a camera that is in our hands. */
  told(camera: string, message: Told, payload: Buffer | undefined): void;
  rates(items: Rate[]): void;
  /** What feeds a camera's program comes so late, by whichever gateway's order. */
  delay(camera: string, lateMs: number): void;
  /** The switcher that carries this camera went away; it is ordered anew when it is back. */
  away(camera: string, switcher: string): void;
  /** What a switcher carries, by whichever gateway's order. */
  carried?(cameras: readonly string[]): void;
}

/** The switcher processes as a gateway sees them: which of them carries which camera. */
export interface SwitcherPool {
  /** Has a camera carried, for as long as it is kept; `order` is called for each sending, with fresh tokens. */
  keep(camera: string, order: () => CarryOrder): void;
  /** Sends the order of a kept camera again. */
  renew(camera: string): void;
  /** Sends another order for a kept camera, if its switcher is there. */
  send(camera: string, order: DeparturesOrder | DepartOrder | MeasureOrder): void;
  /** Has the switcher that carries a camera end its program, though the camera is not kept here. */
  evict(camera: string, order: DropOrder): void;
  /** Lets a camera go; its program ends if an order says so. */
  forget(camera: string, order?: DropOrder): void;
  close(): void;
}

interface Switcher {
  name: string;
  peer: Peer & { isUp(): boolean };
  /** Everything it carries, also for other gateways; undefined until it has said hello. */
  cameras: Set<string> | undefined;
  full: boolean;
}

/** How long switchers that are known have for saying what they carry, before cameras are placed without them. */
const GRACE_MS = 1_000;
const CHECK_EVERY_MS = 1_000;

/** The switchers of this machine, each with a socket in a folder. */
export const switchersIn = (folder: string): Pick<SwitcherHost, 'known' | 'link'> => ({
  known: () => knownSwitchers(folder),
  link: (switcher) => path.join(folder, `${switcher}.sock`),
});

/** How many switchers have left a socket in the folder. */
function knownSwitchers(folder: string): number {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Not there yet: the first switcher makes it.
  }
  const numbers = names.map((name) => Number(/^switcher-(\d{1,3})\.sock$/.exec(name)?.[1] ?? 0));
  return Math.max(1, ...numbers);
}

/** Connects to every switcher and spreads cameras over them; each stays where it is carried already. */
export function openSwitcherPool(options: PoolOptions): SwitcherPool {
  const { host } = options;
  const switchers: Switcher[] = [];
  const kept = new Map<string, { order: () => CarryOrder; at?: Switcher }>();
  const startedAt = performance.now();

  const send = (camera: string) => {
    const entry = kept.get(camera);
    if (entry?.at?.cameras) entry.at.peer.send({ ...entry.order() });
  };

  const place = (camera: string) => {
    const entry = kept.get(camera);
    if (!entry || entry.at) return;
    const early = performance.now() - startedAt < GRACE_MS;
    const carrying = switchers.find((switcher) => switcher.cameras?.has(camera));
    if (!carrying && early && switchers.some((switcher) => !switcher.cameras)) return;
    const [roomiest] = switchers
      .filter(({ cameras, full }) => cameras && !full && cameras.size < MAX_CAMERAS)
      .sort((one, other) => (one.cameras?.size ?? 0) - (other.cameras?.size ?? 0));
    const chosen = carrying ?? roomiest;
    if (!chosen) {
      // All that are surely needed start together; those not up yet have room for what is left.
      const needed = Math.ceil(kept.size / MAX_CAMERAS);
      const allUp = switchers.every(({ cameras }) => cameras);
      if (allUp || needed > switchers.length) grow(Math.max(needed, switchers.length + (allUp ? 1 : 0)));
      return;
    }
    entry.at = chosen;
    chosen.cameras?.add(camera);
    send(camera);
  };
  const placeAll = () => {
    for (const camera of kept.keys()) place(camera);
  };

  const hello = (switcher: Switcher, cameras: string[]) => {
    switcher.cameras = new Set(cameras);
    switcher.full = false;
    for (const [camera, entry] of kept) {
      if (entry.at !== switcher) continue;
      switcher.cameras.add(camera);
      send(camera);
    }
    placeAll();
    options.carried?.(cameras);
  };

  /** Other gateways place cameras too: what a switcher measures is what it carries. */
  const weigh = (switcher: Switcher, items: Rate[]) => {
    const mine = [...kept].filter(([, { at }]) => at === switcher).map(([camera]) => camera);
    switcher.cameras = new Set([...items.map(({ camera }) => camera), ...mine]);
    options.rates(items);
    options.carried?.([...switcher.cameras]);
  };

  const hear = (switcher: Switcher, message: LinkMessage, payload: Buffer | undefined) => {
    const told = message as unknown as Told;
    if (told.type === 'hello') return hello(switcher, told.cameras);
    if (told.type === 'rates') return weigh(switcher, told.items);
    if (told.type === 'delay') return options.delay(told.camera, told.late_ms);
    const entry = kept.get(told.camera);
    if (entry?.at !== switcher) return;
    if (told.type === 'refused' && told.reason === 'full') {
      switcher.full = true;
      switcher.cameras?.delete(told.camera);
      delete entry.at;
      return place(told.camera);
    }
    options.told(told.camera, told, payload);
  };

  const grow = (count: number) => {
    while (switchers.length < count) {
      const name = `switcher-${switchers.length + 1}`;
      const switcher = { name, cameras: undefined, full: false } as unknown as Switcher;
      switchers.push(switcher);
      switcher.peer = openLink(host.link(name), {
        hear: (message, payload) => hear(switcher, message, payload),
        down() {
          switcher.cameras = undefined;
          for (const [camera, entry] of kept) if (entry.at === switcher) options.away(camera, name);
        },
      });
    }
    host.ensureSwitchers(switchers.length);
  };

  grow(host.known());
  const check = setInterval(() => {
    const known = host.known();
    if (known > switchers.length) grow(known);
    else if (switchers.some(({ cameras }) => !cameras)) host.ensureSwitchers(switchers.length);
    placeAll();
  }, CHECK_EVERY_MS);

  return {
    keep(camera, order) {
      const at = kept.get(camera)?.at;
      kept.set(camera, at ? { order, at } : { order });
      if (at) send(camera);
      else place(camera);
    },
    renew: send,
    send(camera, order) {
      const at = kept.get(camera)?.at;
      if (at?.cameras) at.peer.send({ ...order });
    },
    evict(camera, order) {
      for (const { cameras, peer } of switchers) if (cameras?.delete(camera)) peer.send({ ...order });
    },
    forget(camera, order) {
      const at = kept.get(camera)?.at;
      kept.delete(camera);
      if (!order || !at) return;
      at.peer.send({ ...order });
      at.cameras?.delete(camera);
      at.full = false;
    },
    close() {
      clearInterval(check);
      for (const { peer } of switchers) peer.close();
    },
  };
}
