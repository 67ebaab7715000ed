import type { MediaTrack } from '../rtsp/sdp.ts';
import { SLATE } from './choice.ts';
import type { Source } from './source.ts';
import type { Stream } from './stream.ts';
import type { SourceTold } from './talk.ts';

/** What the sources of a program are told by. */
export interface StandingParts {
  camera: string;
  /** The source that feeds the program. */
  on(): string;
  /** What is published; undefined before the first source. */
  stream(): Stream | undefined;
  told(message: SourceTold): void;
}

/** How the sources of a program stand, each told when that changes. */
export interface SourceStandings {
  of(source: Source): SourceTold;
  tell(source: Source): void;
  /** Video of a source came. @param keyStart a key frame begins with it */
  seen(source: Source, keyStart: boolean): void;
  /** A source is kept no more. */
  forget(id: string): void;
}

const SPOKEN: Record<string, string> = {
  'MPEG4-GENERIC': 'AAC',
  OPUS: 'Opus',
  PCMA: 'G.711 A-law',
  PCMU: 'G.711 µ-law',
};
const spoken = ({ encoding }: MediaTrack): string => SPOKEN[encoding] ?? encoding;

/** What a program loses of its sound with a source that has this. */
function lossOf(audio: MediaTrack | undefined, { tracks: [, published], fitsAudio }: Stream): string | undefined {
  if (!audio) return published && `it has no sound, while the program has ${spoken(published)}`;
  if (fitsAudio(audio)) return undefined;
  const lost = `its sound (${spoken(audio)}) is left out`;
  if (!published) return `${lost}: the program was begun without`;
  const same = spoken(published) === spoken(audio);
  return `${lost}: the program has ${same ? 'other settings of it' : spoken(published)}`;
}

/** A source can be well and yet of no use to the program as it is published: then it stands aside, with the reason. */
export function tellStandings({ camera, on, stream, told }: StandingParts): SourceStandings {
  const lastTold = new Map<string, string>();
  /** Sources whose key frames were too far apart when they were last told. */
  const longGops = new Set<string>();

  /** Sound that the program has no track for is left out; a slate is no program to compare with. */
  const soundRemark = ([, audio]: MediaTrack[]): Pick<SourceTold, 'detail'> => {
    const program = stream();
    if (!program || on() === '' || on() === SLATE) return {};
    const detail = lossOf(audio, program);
    return detail === undefined ? {} : { detail };
  };

  const of = (source: Source): SourceTold => {
    const standing = source.standing();
    const message: SourceTold = { type: 'source', camera, source: source.id, ...standing };
    if (standing.reason) return { ...message, state: 'aside' };
    if (standing.state !== 'flowing') return message;
    const program = stream();
    if (on() !== source.id && program && !program.fits(source.tracks())) {
      const detail = `${standing.codec}, while ${program.tracks[0]?.encoding} is published`;
      return { ...message, state: 'aside', reason: 'codec', detail };
    }
    if (on() === source.id || !source.gop.isLong()) return { ...message, ...soundRemark(source.tracks()) };
    return { ...message, state: 'aside', reason: 'long-gop', detail: 'its key frames are too far apart to keep' };
  };

  const tell = (source: Source): void => {
    if (source.gop.isLong()) longGops.add(source.id);
    else longGops.delete(source.id);
    const message = of(source);
    const { silent_ms, ...lasting } = message;
    const key = JSON.stringify(lasting);
    if (lastTold.get(source.id) === key || (message.state === 'opening' && !lastTold.has(source.id))) return;
    lastTold.set(source.id, key);
    told(message);
  };

  return {
    of,
    tell,
    seen(source, keyStart) {
      if (keyStart || source.gop.isLong() !== longGops.has(source.id)) tell(source);
    },
    forget: (id) => void lastTold.delete(id),
  };
}
