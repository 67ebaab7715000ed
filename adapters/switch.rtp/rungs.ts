import type { MediaTrack } from '../rtsp/sdp.ts';
import type { Departures } from './departures.ts';
import { keepSource, type Source } from './source.ts';
import type { CarryOrder, DepartOrder } from './talk.ts';

/** The rungs of a camera as its ladder gives them to a relay, read there so that a departure can begin with one. */
export interface Rungs {
  /** Reads exactly these. */
  adjust(order: Pick<CarryOrder, 'rungs' | 'silent_ms'>): void;
  /** Those that a departure can begin with now. */
  ready(): string[];
  /** Has a departure path begin with one. @returns false where that has no picture just now */
  depart(id: string, rung: NonNullable<DepartOrder['rung']>): boolean;
  close(): void;
}

/**
 * @param fits whether tracks can go on in a departure path as it is published
 * @param program what feeds the program, where a departure can begin with that
 * @param changed called when others are ready
 */
export function keepRungs(
  departures: Departures,
  fits: (tracks: MediaTrack[]) => boolean,
  program: () => Source | undefined,
  changed: () => void,
): Rungs {
  const sources = new Map<string, Source>();
  const isReady = ({ gop, standing, tracks }: Source) =>
    standing().state === 'flowing' && gop.ready() && !gop.isLong() && fits(tracks());

  const open = (name: string, url: string, silentMs: number): Source => {
    let told = false;
    const look = () => {
      if (isReady(source) === told) return;
      told = !told;
      if (told) departures.regain(name, source);
      changed();
    };
    const source: Source = keepSource(name, url, silentMs, {
      standing({ state }) {
        if (state === 'ended') departures.lose(name, program());
        look();
      },
      tracks() {},
      moved: () => departures.begin(source.tracks(), source.gop.packets(), source.newestAtMs(), name),
      packet(_track, frame, sight, atMs) {
        if (sight) departures.video(frame, sight, atMs, name);
        if (sight?.keyStart) look();
      },
      batch: departures.flush,
      late() {},
    });
    return source;
  };

  return {
    adjust({ rungs = [], silent_ms }) {
      for (const [name, source] of sources) {
        if (rungs.some((wanted) => wanted.name === name)) continue;
        source.close();
        sources.delete(name);
        departures.lose(name, program());
      }
      for (const { name, url } of rungs) {
        const present = sources.get(name);
        if (present) present.adjust(url, silent_ms);
        else sources.set(name, open(name, url, silent_ms));
      }
    },
    ready: () => [...sources].filter(([, source]) => isReady(source)).map(([name]) => name),
    depart(id, rung) {
      const source = sources.get(rung.name);
      if (!source || !isReady(source)) return false;
      departures.depart(id, source.tracks(), source.gop.packets(), source.newestAtMs(), rung);
      return true;
    },
    close() {
      for (const source of sources.values()) source.close();
    },
  };
}
