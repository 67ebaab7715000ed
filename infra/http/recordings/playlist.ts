import type { RecordedPiece, Stretch } from '../../../adapters/recordings.files.ts';

/** Pieces so far apart do not go on from each other. */
const APART_MS = 250;
/** Whether something is missing between two pieces. */
export const isApart = (last: RecordedPiece, piece: RecordedPiece): boolean => piece.from - last.to >= APART_MS;

/** What the file of a piece is called in addresses. */
export const nameOf = ({ file: { source, name } }: RecordedPiece): string => `${source}.${name}`;

/** What a playlist tells beside its pieces. */
interface Listed {
  /** More will be added to it. */
  goesOn: boolean;
  /** So many of its first pieces may be looked at no more. */
  gone?: number;
  /** Others will follow them. */
  slides?: boolean;
}

/** The pieces as a media playlist (RFC 8216): a file that goes on from another one begins a timeline of its own. */
export function playlist(all: readonly RecordedPiece[], { goesOn, gone = 0, slides = false }: Listed): string {
  const pieces = all.slice(gone);
  const longest = Math.max(2, ...pieces.map(({ from, to }) => (to - from) / 1000));
  const lines = [
    ...['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-TARGETDURATION:${Math.ceil(longest)}`, `#EXT-X-MEDIA-SEQUENCE:${gone}`],
    ...(gone > 0 ? [`#EXT-X-DISCONTINUITY-SEQUENCE:${breaksIn(all.slice(0, gone + 1))}`] : []),
    // Nothing may leave a playlist that says of which type it is.
    ...(goesOn && slides ? [] : [`#EXT-X-PLAYLIST-TYPE:${goesOn ? 'EVENT' : 'VOD'}`]),
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  let last: RecordedPiece | undefined;
  for (const piece of pieces) {
    if (!last || isBreak(last, piece)) {
      if (last) lines.push('#EXT-X-DISCONTINUITY');
      lines.push(`#EXT-X-MAP:URI="${nameOf(piece)}.mp4"`);
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(piece.from).toISOString()}`,
      `#EXTINF:${((piece.to - piece.from) / 1000).toFixed(3)},`,
      `${nameOf(piece)}.${piece.number}.m4s`,
    );
    last = piece;
  }
  return `${[...lines, ...(goesOn ? [] : ['#EXT-X-ENDLIST'])].join('\n')}\n`;
}

/**
 * The one variant that there is, with what it holds where it holds one thing throughout.
 * @param media the address of its media playlist
 */
export function masterPlaylist(media: string, bandwidth: number, stretches: readonly Stretch[]): string {
  const forms = new Map(stretches.map(({ form }) => [JSON.stringify(form), form]));
  const [form] = forms.size === 1 ? forms.values() : [];
  const attributes = [`BANDWIDTH=${bandwidth}`, ...(form ? [`RESOLUTION=${form.width}x${form.height}`] : [])];
  // Codecs are named all or not at all, and heads say of H.264 alone which profile it is.
  if (form && !form.sound && /^avc1\./.test(form.codec)) attributes.push(`CODECS="${form.codec}"`);
  return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:${attributes.join(',')}\n${media}\n`;
}

/** How often pieces do not go on from those before. */
const breaksIn = (pieces: readonly RecordedPiece[]): number =>
  pieces.filter((piece, n) => n > 0 && isBreak(pieces[n - 1] as RecordedPiece, piece)).length;

/** Within a file pieces go on from each other, unless something is missing between them. */
const isBreak = (last: RecordedPiece, piece: RecordedPiece): boolean =>
  nameOf(last) !== nameOf(piece) || isApart(last, piece);
