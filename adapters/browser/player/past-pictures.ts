/** One picture of a recording as it lies in a video, seconds; the end is not part of it. */
export interface PictureTime {
  startS: number;
  endS: number;
}

/** A box of an ISO base media file (ISO/IEC 14496-12, 4.2), by where its content lies. */
interface Box {
  type: string;
  at: number;
  end: number;
}

const HEAD_BYTES = 8;
/** Optional parts of a `trun` box (8.8.8), in their order: of the run, then of each sample. */
const OF_RUN = [0x1, 0x4];
const [DURATION, SIZE, FLAGS, SHOWN_AFTER] = [0x100, 0x200, 0x400, 0x800] as const;
/** Edges are not known to the last digit. */
const SLACK_S = 0.002;

function boxesIn(bytes: DataView, from = 0, to = bytes.byteLength): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + HEAD_BYTES <= to; ) {
    const end = at + bytes.getUint32(at);
    if (end < at + HEAD_BYTES || end > to) break;
    boxes.push({ type: wordAt(bytes, at + 4), at: at + HEAD_BYTES, end });
    at = end;
  }
  return boxes;
}

const wordAt = (bytes: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((n) => bytes.getUint8(at + n)));

/** Every box under a path of types. */
function boxesAt(bytes: DataView, [type, ...rest]: readonly string[], within?: Box): Box[] {
  const found = boxesIn(bytes, within?.at, within?.end).filter((box) => box.type === type);
  return rest.length === 0 ? found : found.flatMap((box) => boxesAt(bytes, rest, box));
}

function videoTrackOf(init: DataView): { id: number; timescale: number } | undefined {
  for (const trak of boxesAt(init, ['moov', 'trak'])) {
    const [tkhd] = boxesAt(init, ['tkhd'], trak);
    const [mdhd] = boxesAt(init, ['mdia', 'mdhd'], trak);
    const [hdlr] = boxesAt(init, ['mdia', 'hdlr'], trak);
    if (!tkhd || !mdhd || !hdlr || wordAt(init, hdlr.at + 8) !== 'vide') continue;
    // Version 1 of both has wider times before what is looked for.
    const after = (box: Box): number => box.at + (init.getUint8(box.at) === 1 ? 20 : 12);
    return { id: init.getUint32(after(tkhd)), timescale: init.getUint32(after(mdhd)) };
  }
  return undefined;
}

/** When each sample of a run is shown and the last one ends, in units of its track, from the run's beginning. */
function shownIn(bytes: DataView, trun: Box): { shown: number[]; end: number } {
  const has = bytes.getUint32(trun.at) & 0xff_ffff;
  const count = bytes.getUint32(trun.at + 4);
  let at = trun.at + 8 + OF_RUN.filter((flag) => has & flag).length * 4;
  const next = (flag: number): number => {
    if (!(has & flag)) return 0;
    at += 4;
    return bytes.getInt32(at - 4);
  };
  let decoded = 0;
  const shown: number[] = [];
  for (let n = 0; n < count; n++) {
    const duration = next(DURATION);
    next(SIZE);
    next(FLAGS);
    shown.push(decoded + next(SHOWN_AFTER));
    decoded += duration;
  }
  shown.sort((a, b) => a - b);
  return { shown, end: (shown[0] ?? 0) + decoded };
}

/**
 * When the pictures of a piece are shown, seconds from its first one, by the times that stand in it.
 * @param init what a player is given before it
 * @param piece one movie fragment
 * @returns none where it holds no pictures, or is not what we write
 */
export function picturesIn(init: DataView, piece: DataView): PictureTime[] {
  const track = videoTrackOf(init);
  const traf = boxesAt(piece, ['moof', 'traf']).find((one) => {
    const [tfhd] = boxesAt(piece, ['tfhd'], one);
    return tfhd !== undefined && piece.getUint32(tfhd.at + 4) === track?.id;
  });
  const [trun] = traf ? boxesAt(piece, ['trun'], traf) : [];
  if (!track || !trun) return [];
  const { shown, end } = shownIn(piece, trun);
  const first = shown[0] ?? 0;
  return shown.map((at, n) => ({
    startS: (at - first) / track.timescale,
    endS: ((shown[n + 1] ?? end) - first) / track.timescale,
  }));
}

/**
 * The middle of the picture before (-1) or after (1) the one that is shown at a time, seconds. Beyond what is known,
 * the next one is taken to be as long as this one.
 * @param pictures in order
 * @returns undefined where it is not known which picture is shown
 */
export function pictureBeside(pictures: readonly PictureTime[], timeS: number, by: -1 | 1): number | undefined {
  const index = pictures.findLastIndex(({ startS, endS }) => startS - SLACK_S <= timeS && timeS < endS);
  const shown = pictures[index];
  if (!shown) return undefined;
  const halfS = (shown.endS - shown.startS) / 2;
  const beside = pictures[index + by];
  const follows = beside && Math.abs(by > 0 ? beside.startS - shown.endS : shown.startS - beside.endS) < halfS;
  if (follows) return (beside.startS + beside.endS) / 2;
  return by > 0 ? shown.endS + halfS : Math.max(0, shown.startS - halfS);
}
