import type { MediaTrack } from '../rtsp/sdp.ts';
import { type Departure, keepDeparture } from './departure.ts';
import type { StoredPacket } from './gop.ts';
import type { Start } from './stream.ts';
import type { DeparturesOrder, DeparturesTold } from './talk.ts';

/** The departure paths of one program. */
export interface Departures {
  /** Keeps exactly these. */
  adjust(wanted: DeparturesOrder['items']): void;
  /** Has one depart with what the present source has stored. */
  depart(id: string, tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): void;
  standing(): DeparturesTold;
  publish(tracks: MediaTrack[]): void;
  begin(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): void;
  /** Called before the program rewrites the frame. */
  video(frame: Buffer, start: Start, atMs: number): void;
  audio(frame: Buffer, atMs: number): void;
  report(atMs: number, wallMs: number): void;
  flush(): void;
  close(): void;
}

/** @param told called when what is there or ready has changed */
export function keepDepartures(
  camera: string,
  name: string,
  published: () => MediaTrack[] | undefined,
  told: (message: DeparturesTold) => void,
): Departures {
  const departures = new Map<string, Departure>();

  const standing = (): DeparturesTold => ({
    type: 'departures',
    camera,
    known: [...departures.keys()],
    ready: [...departures].filter(([, departure]) => departure.isReady()).map(([id]) => id),
  });
  const end = (id: string) => {
    departures.get(id)?.close();
    departures.delete(id);
  };
  const open = ({ id, relay, url }: DeparturesOrder['items'][number]) => {
    const departure = keepDeparture({
      ...{ relay, name, url },
      changed: () => told(standing()),
      gone() {
        end(id);
        told(standing());
      },
    });
    departures.set(id, departure);
    const tracks = published();
    if (tracks) departure.publish(tracks);
  };
  const each = (act: (departure: Departure) => void) => {
    for (const departure of departures.values()) act(departure);
  };

  return {
    adjust(wanted) {
      for (const id of departures.keys()) if (!wanted.some((item) => item.id === id)) end(id);
      for (const item of wanted) if (!departures.has(item.id)) open(item);
      told(standing());
    },
    depart(id, tracks, stored, newestAtMs) {
      departures.get(id)?.depart(tracks, stored, newestAtMs);
      told(standing());
    },
    standing,
    publish: (tracks) => each((departure) => departure.publish(tracks)),
    begin: (tracks, stored, newestAtMs) => each((departure) => departure.begin(tracks, stored, newestAtMs)),
    video: (frame, start, atMs) => each((departure) => departure.video(frame, start, atMs)),
    audio: (frame, atMs) => each((departure) => departure.audio(frame, atMs)),
    report: (atMs, wallMs) => each((departure) => departure.report(atMs, wallMs)),
    flush: () => each((departure) => departure.flush()),
    close() {
      for (const id of departures.keys()) end(id);
    },
  };
}
