import type { MediaTrack } from '../rtsp/sdp.ts';
import { type Departure, keepDeparture } from './departure.ts';
import type { StoredPacket } from './gop.ts';
import type { KeptConnections, Publication } from './kept-connections.ts';
import type { Source } from './source.ts';
import type { Start } from './stream.ts';
import type { DepartOrder, DeparturesOrder, DeparturesTold } from './talk.ts';

/** The departure paths of one program. */
export interface Departures {
  /** Keeps exactly these. */
  adjust(wanted: DeparturesOrder['items']): void;
  /** Has one depart with what the present source has stored, or a rung. */
  depart(
    id: string,
    tracks: MediaTrack[],
    stored: readonly StoredPacket[],
    newestAtMs: number,
    rung?: DepartOrder['rung'],
  ): void;
  standing(): DeparturesTold;
  publish(tracks: MediaTrack[]): void;
  /** What feeds the program, or a rung, begins anew. */
  begin(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number, rung?: string): void;
  /** A packet of the program, before it is rewritten there; or of a rung. */
  video(frame: Buffer, start: Start, atMs: number, rung?: string): void;
  audio(frame: Buffer, atMs: number): void;
  report(atMs: number, wallMs: number): void;
  /** A rung is no more: those that carry it go on with the program until it is back, or are over where that has nothing. */
  lose(rung: string, program: Source | undefined): void;
  /** It is there: those that lack it go over to it. */
  regain(rung: string, source: Source): void;
  flush(): void;
  close(): void;
}

/** @param told called when what is there or ready has changed */
export function keepDepartures(
  camera: string,
  name: string,
  published: () => MediaTrack[] | undefined,
  told: (message: DeparturesTold) => void,
  kept: KeptConnections,
): Departures {
  const departures = new Map<string, Departure>();

  const standing = (): DeparturesTold => ({
    type: 'departures',
    camera,
    known: [...departures.keys()],
    ready: [...departures].filter(([, departure]) => departure.isReady()).map(([id]) => id),
    lacking: [...departures].filter(([, departure]) => departure.lacks() !== undefined).map(([id]) => id),
  });
  const end = (id: string) => {
    departures.get(id)?.close();
    departures.delete(id);
  };
  const open = ({ id, relay, url }: DeparturesOrder['items'][number], before?: Publication) => {
    const departure = keepDeparture({
      ...{ relay, name, url, kept },
      ...(before ? { before } : {}),
      changed: () => told(standing()),
      gone() {
        end(id);
        told(standing());
      },
    });
    departures.set(id, departure);
    const tracks = published();
    if (tracks && !before) departure.publish(tracks);
  };
  // Those who are on one that the process before this one published stay there.
  for (const before of kept.left()) {
    const [, id] = before.address.split(`/departure/${camera}/`);
    if (id && before.departed) open({ id, relay: before.departed.relay, url: before.address }, before);
  }
  const each = (act: (departure: Departure) => void) => {
    for (const departure of departures.values()) act(departure);
  };

  const goOver = (departure: Departure, to: 'rung' | 'program', { tracks, gop, newestAtMs }: Source) =>
    departure.goOver(to, tracks(), gop.packets(), newestAtMs());
  const following = (rung: string | undefined, act: (departure: Departure) => void) =>
    each((departure) => departure.rung() === rung && act(departure));

  return {
    adjust(wanted) {
      for (const id of departures.keys()) if (!wanted.some((item) => item.id === id)) end(id);
      for (const item of wanted) if (!departures.has(item.id)) open(item);
      told(standing());
    },
    depart(id, tracks, stored, newestAtMs, rung) {
      departures.get(id)?.depart(tracks, stored, newestAtMs, rung);
      told(standing());
    },
    standing,
    publish: (tracks) => each((departure) => departure.publish(tracks)),
    begin: (tracks, stored, newestAtMs, rung) =>
      following(rung, (departure) => departure.begin(tracks, stored, newestAtMs)),
    video: (frame, start, atMs, rung) => following(rung, (departure) => departure.video(frame, start, atMs)),
    audio: (frame, atMs) => following(undefined, (departure) => departure.audio(frame, atMs)),
    report: (atMs, wallMs) => each((departure) => departure.report(atMs, wallMs)),
    lose(rung, program) {
      for (const [id, departure] of departures) {
        if (departure.rung() !== rung) continue;
        if (program) goOver(departure, 'program', program);
        else end(id);
      }
      told(standing());
    },
    regain(rung, source) {
      each((departure) => departure.lacks() === rung && goOver(departure, 'rung', source));
      told(standing());
    },
    flush: () => each((departure) => departure.flush()),
    close() {
      for (const id of departures.keys()) end(id);
    },
  };
}
