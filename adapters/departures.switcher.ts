import type { DepartOrder, DeparturesOrder, DeparturesTold } from './switch.rtp/talk.ts';

/** Silent paths kept ready at delivery relays: who joins one gets the stored pictures at once, then live. */
export interface Departures {
  /**
   * Takes a path that is ready for this camera at this relay.
   * @param rung what is to come on it, instead of the camera's own picture
   * @returns undefined when there is none (bounded, being prepared, GOP too long), or not with this rung
   */
  take(camera: string, relay: string, rung?: DepartingRung): Departure | undefined;
  /** Whether a path carries the camera's own picture for want of the rung that it is for, or did a moment ago. */
  lacksRung(camera: string, path: string): boolean;
}

/** Somebody who is on a departure path, by what is known of him: a former gateway may have sent him there. */
export interface Departed {
  path: string;
  relay: string;
  /** Whether he is still there. */
  stays(): boolean;
}

/** A rung that somebody begins with whose line is narrow: stored pictures are sent no faster than `bps`. */
export type DepartingRung = NonNullable<DepartOrder['rung']>;

/** A departure path that somebody has taken. */
export interface Departure {
  /** Path name at the relay, `departure/<camera>/<n>`; a relay read token must name it. */
  path: string;
  /** Its reader is connected: send the stored pictures, squeezed, then go on live. */
  depart(): void;
  /** The reader has left or moved on: the path is closed and another one is prepared. */
  close(): void;
}

/** What preparing departure paths needs. */
export interface DeparturesOptions {
  /** Address to publish a path at, with a token. */
  url(camera: string, relay: string, path: string): string;
  /** Who is on departure paths of a camera. */
  departed(camera: string): readonly Departed[];
  /** Has the camera's switcher keep exactly these. */
  order(camera: string, items: DeparturesOrder['items']): void;
  /** Has it send one of them off. */
  depart(camera: string, id: string, rung: DepartingRung | undefined): void;
}

/** Departure paths as the program adapter keeps them. */
export interface PreparedDepartures extends Departures {
  /**
   * The relays that have this camera's program now; none ends what is prepared.
   * @param pulling relays that pull, each with the one from which: what is published there comes on to it
   */
  serve(camera: string, relays: readonly string[], pulling?: ReadonlyMap<string, string>): void;
  /** What the camera's switcher says of its paths. */
  hear(told: DeparturesTold): void;
  /** Looks whether those are still there whom a former gateway sent off. */
  look(camera: string): void;
  /** The camera is in other hands, or in nobody's. */
  forget(camera: string): void;
}

/** Ready and waiting per camera and relay. */
const READY = 2;
/** On their way per camera; who comes beyond waits for the next key frame. */
const MAX_TAKEN = 64;
/** Who has had more than his line takes has a queue before him for so long. */
const CATCH_UP_MS = 2_000;

interface Prepared {
  relay: string;
  /** The relay where it is published. */
  at: string;
  url: string;
  state: 'waiting' | 'ready' | 'taken';
  /** Of one that a former gateway handed out. */
  stays?: Departed['stays'];
}

interface Shelf {
  /** By relay: where what begins there is published. */
  places: ReadonlyMap<string, string>;
  /** What there is to begin with besides the camera's own picture. */
  rungs: readonly string[];
  paths: Map<string, Prepared>;
  /** Paths that carry the camera's own picture for want of their rung. */
  lacking: readonly string[];
  /** Those that did, and until when their readers catch up (monotonic). */
  catchingUp: Map<string, number>;
  /** The switcher has said what it keeps: only then is it known what to leave to those who are there. */
  heard: boolean;
  ordering: boolean;
}

const freshShelf = (): Shelf => ({
  ...{ places: new Map(), rungs: [], paths: new Map(), lacking: [], catchingUp: new Map() },
  ...{ heard: false, ordering: false },
});

/** Every departure path of a camera begins with this. */
export const departuresOf = (camera: string): string => `departure/${camera}/`;
/** Whether a path is one. */
export const isDeparture = (path: string): boolean => path.startsWith('departure/');
const pathOf = (camera: string, id: string) => `${departuresOf(camera)}${id}`;

/** Prepares departure paths, refilled as soon as one is taken. */
export function createDepartures(options: DeparturesOptions): PreparedDepartures {
  const shelves = new Map<string, Shelf>();
  /** No path is named twice: the token of who had one still opens it for a while. */
  const born = Date.now().toString(36);
  let count = 0;

  /** Orders what the shelf holds, once for all changes of this moment. */
  const order = (camera: string, shelf: Shelf) => {
    if (shelf.ordering) return;
    shelf.ordering = true;
    queueMicrotask(() => {
      shelf.ordering = false;
      if (shelves.get(camera) !== shelf || !shelf.heard) return;
      options.order(
        camera,
        [...shelf.paths].map(([id, { at, url }]) => ({ id, relay: at, url })),
      );
    });
  };

  const fill = (camera: string, shelf: Shelf) => {
    for (const [relay, at] of shelf.places) {
      const free = [...shelf.paths.values()].filter((one) => one.relay === relay && one.state !== 'taken').length;
      for (let missing = READY - free; missing > 0; missing -= 1) {
        count += 1;
        const id = `${born}-${count}`;
        const url = options.url(camera, at, pathOf(camera, id));
        shelf.paths.set(id, { relay, at, url, state: 'waiting' });
        order(camera, shelf);
      }
    }
  };

  const remove = (camera: string, shelf: Shelf, id: string) => {
    if (shelf.paths.delete(id)) order(camera, shelf);
  };

  const shelfOf = (camera: string): Shelf => {
    const shelf = shelves.get(camera) ?? freshShelf();
    shelves.set(camera, shelf);
    return shelf;
  };
  /** Leaves what a former gateway handed out to those who are there: they would lose their picture with it. */
  const inherit = (camera: string, { paths, places }: Shelf, known: readonly string[]) => {
    const strange = new Set(known.filter((id) => !paths.has(id)));
    if (strange.size === 0) return;
    for (const { path, relay, stays } of options.departed(camera)) {
      const id = path.slice(departuresOf(camera).length);
      const at = places.get(relay) ?? relay;
      if (strange.has(id)) paths.set(id, { relay, at, url: options.url(camera, at, path), state: 'taken', stays });
    }
  };

  return {
    serve(camera, relays, pulling = new Map()) {
      const shelf = shelfOf(camera);
      const fed = relays.map((relay) => [relay, relay] as const);
      const places = new Map([...fed, ...[...pulling].filter(([, at]) => relays.includes(at))]);
      shelf.places = places;
      for (const [id, { relay, at, state }] of shelf.paths)
        if (state !== 'taken' && places.get(relay) !== at) remove(camera, shelf, id);
      fill(camera, shelf);
    },
    hear({ camera, known, ready, rungs = [], lacking = [] }) {
      const shelf = shelfOf(camera);
      for (const id of shelf.lacking) shelf.catchingUp.set(id, performance.now() + CATCH_UP_MS);
      for (const id of shelf.catchingUp.keys()) if (!known.includes(id)) shelf.catchingUp.delete(id);
      Object.assign(shelf, { rungs, lacking, heard: true });
      inherit(camera, shelf, known);
      for (const [id, prepared] of shelf.paths) {
        // A publisher that ended, or a switcher that started anew: who was on the way has lost it.
        if (prepared.state === 'taken' && !known.includes(id)) shelf.paths.delete(id);
        if (prepared.state !== 'taken') prepared.state = ready.includes(id) ? 'ready' : 'waiting';
      }
      if (known.length !== shelf.paths.size || known.some((id) => !shelf.paths.has(id))) order(camera, shelf);
      fill(camera, shelf);
    },
    look(camera) {
      const shelf = shelves.get(camera);
      if (shelf) for (const [id, { stays }] of shelf.paths) if (stays?.() === false) remove(camera, shelf, id);
    },
    forget: (camera) => void shelves.delete(camera),
    lacksRung(camera, path) {
      const { lacking = [], catchingUp } = shelves.get(camera) ?? {};
      const id = path.slice(departuresOf(camera).length);
      return lacking.includes(id) || performance.now() < (catchingUp?.get(id) ?? 0);
    },
    take(camera, relay, rung) {
      const shelf = shelves.get(camera);
      if (!shelf || (rung && !shelf.rungs.includes(rung.name))) return undefined;
      const paths = [...shelf.paths];
      if (paths.filter(([, { state }]) => state === 'taken').length >= MAX_TAKEN) return undefined;
      const found = paths.find(([, one]) => one.relay === relay && one.state === 'ready');
      if (!found) return undefined;
      const [id, prepared] = found;
      prepared.state = 'taken';
      fill(camera, shelf);
      return {
        path: pathOf(camera, id),
        depart: () => options.depart(camera, id, rung),
        close: () => remove(camera, shelf, id),
      };
    },
  };
}
