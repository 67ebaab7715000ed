import type { MediaTrack } from '../rtsp/sdp.ts';
import { type Candidate, type Choice, type Lost, returning, SLATE, successor } from './choice.ts';
import type { StoredPacket } from './gop.ts';
import { createSlate, slateTrack } from './slate.ts';
import type { Source } from './source.ts';
import type { CarryOrder, HoldingTold, Loss, SwitchedTold } from './talk.ts';
import type { Sight } from './video.ts';

/** What a feed works on. */
export interface FeedParts {
  camera: string;
  sources: ReadonlyMap<string, Source>;
  /** The tracks that the program is published with. */
  published(): MediaTrack[] | undefined;
  /** Whether a source can go on in the program as it is published. */
  fits(source: Source): boolean;
  /** Publishes the program with these tracks, anew when others were published. */
  publish(tracks: MediaTrack[]): void;
  /** Goes over to these tracks with stored packets, the newest of which belongs to `newestAtMs`. @returns pictures sent */
  begin(tracks: MediaTrack[], stored: readonly StoredPacket[], newestAtMs: number): number;
  /** Pictures of the slate after its first one. */
  show(packets: readonly StoredPacket[], key: boolean, atMs: number): void;
  told(message: SwitchedTold | HoldingTold): void;
}

/** Which source feeds a program, from moment to moment. */
export interface Feed {
  /** The source that feeds the program, `slate`, or nothing before the first. */
  on(): string;
  /** An order has come; sources that it no longer names are closed already. */
  choose(order: CarryOrder): void;
  /** A source was opened (again). */
  opened(source: Source): void;
  /** A source comes from another place, beginning with its next packet. */
  moved(source: Source): void;
  /** A source ended, fell silent or flows. */
  stands(source: Source): void;
  /** The next picture of a source is overdue. */
  late(source: Source): void;
  /** Video of a source came and is stored. @returns whether it is to be sent on */
  takes(source: Source, sight: Sight, atMs: number): boolean;
  /** The last change, told again to whoever may have missed it. */
  last(): SwitchedTold | HoldingTold | undefined;
  close(): void;
}

const now = () => performance.now();
const rounded = (ms: number) => Math.round(Math.max(0, ms) * 10) / 10;

/** Decides by what it was told beforehand (the choice, and who is armed): a question would cost pictures. */
export function createFeed(parts: FeedParts): Feed {
  const { camera, sources } = parts;
  const slate = createSlate();
  let choice: Choice = { wanted: '', armed: [] };
  let clips: CarryOrder['slate'];
  let run: number | undefined;
  /** The wanted source is not on yet, though it was ordered. */
  let pending: 'clean' | 'at-once' | undefined;
  let on = '';
  let playing = false;
  /** It was published for the slate, before any source was there. */
  let bare = false;
  /** The source that is on has other numbers from its next packet on, which begins a key frame. */
  let rebased = false;
  let held: { atMs: number; trigger: Loss } | undefined;
  let lastSentAt: number | undefined;
  let last: SwitchedTold | HoldingTold | undefined;

  const dark = () => on === '' || on === SLATE;
  /** @param sinceMs of the last picture that the program had */
  const candidates = (sinceMs = Number.POSITIVE_INFINITY): Candidate[] =>
    [...sources.values()].map((source) => ({
      id: source.id,
      ready: source.standing().state === 'flowing' && source.gop.ready(),
      fits: !parts.published() || parts.fits(source),
      long: source.gop.isLong(),
      fresh: source.punctuality.isFresh(),
      stalledMs: source.punctuality.mostOverdueMs(sinceMs),
      ended: source.standing().state === 'ended',
    }));

  const tell = (message: SwitchedTold | HoldingTold) => {
    last = message;
    parts.told(message);
  };
  /** No two changes of a camera have the same, not even those of two processes. */
  const newId = () => Math.max(Math.round((performance.timeOrigin + now()) * 1000), (last?.id ?? 0) + 1);

  const switchTo = (source: Source, trigger: SwitchedTold['trigger'], detectMs: number, atMs: number) => {
    const from = on;
    // What was published for the slate alone has no sound.
    const unsounded = bare && source.tracks().length > 1;
    if (!parts.published() || !parts.fits(source) || unsounded) parts.publish(source.tracks());
    slate.stop();
    [playing, bare] = [false, false];
    rebased = false;
    on = source.id;
    pending = undefined;
    held = undefined;
    const gapMs = lastSentAt === undefined ? 0 : atMs - lastSentAt;
    const pictures = parts.begin(source.tracks(), source.gop.packets(), source.newestAtMs());
    lastSentAt = atMs;
    const how = pictures > 1 ? 'burst' : 'clean';
    const told = { type: 'switched', camera, id: newId(), source: source.id, from, trigger, how } as const;
    const burst = how === 'burst' ? { burst_frames: pictures } : {};
    tell({ ...told, detect_ms: rounded(detectMs), gap_ms: rounded(gapMs), ...burst });
  };

  const playSlate = () => {
    const video = parts.published()?.[0];
    const file = clips?.[video?.encoding as 'H264' | 'H265'];
    if (!video || !file) return;
    let first = true;
    playing = slate.play(file, video.encoding, (packets, key) => {
      if (first) parts.begin([video], packets, now());
      else parts.show(packets, key, now());
      first = false;
      lastSentAt = now();
    });
  };

  /** A source of which no picture comes may send something else. */
  const quietly = (source: Source | undefined): Loss => (source?.isUnreadable() ? 'unreadable' : 'silent');
  /** Another one takes over from the source that feeds the program. @returns whether there was one */
  const replace = (lost: Lost, silenceMs: number): boolean => {
    const next = sources.get(successor(choice, lost, candidates(now() - silenceMs)) ?? '');
    const trigger = lost.trigger === 'late' ? quietly(sources.get(lost.id)) : lost.trigger;
    if (next) switchTo(next, trigger, silenceMs, now());
    return next !== undefined;
  };
  const hold = (trigger: Loss, detectMs: number) => {
    const from = on;
    on = SLATE;
    pending = undefined;
    held = { atMs: now(), trigger };
    playSlate();
    tell({ type: 'holding', camera, id: newId(), from, trigger, detect_ms: rounded(detectMs), slate: playing });
  };
  /**
   * No source is there, and none ever was in this process: a camera whose codec is known, as another switcher carried it
   * before, shows its slate all the same.
   */
  const holdAtFirst = () => {
    const [encoding] = Object.keys(clips ?? {});
    const gone = [...sources.values()].every((source) => source.standing().state === 'ended');
    if (on !== '' || !encoding || !gone) return;
    bare = !parts.published();
    if (bare) parts.publish([slateTrack(encoding)]);
    hold('ended', 0);
  };
  /** The next picture of the present source is overdue, or one that may take over has one meanwhile. */
  const relieve = () => {
    const present = sources.get(on);
    if (!present?.punctuality.isLate()) return;
    replace({ id: on, trigger: 'late', overdueMs: present.punctuality.overdueMs() }, now() - present.lastPacketAtMs());
  };
  const lose = (trigger: Loss, silenceMs: number) => {
    if (!replace({ id: on, trigger }, silenceMs)) hold(trigger, silenceMs);
  };

  /** Somebody may feed a program that has no source. */
  const brighten = (atMs: number) => {
    const id = returning(choice, candidates(), held && atMs - held.atMs);
    const source = id === undefined ? undefined : sources.get(id);
    if (source) switchTo(source, held?.trigger ?? 'first', 0, atMs);
  };

  const obey = (atMs: number, keyStart: boolean) => {
    const source = sources.get(choice.wanted);
    const standing = source?.standing().state;
    if (!source || standing !== 'flowing' || !source.gop.ready() || !parts.fits(source)) return;
    if (pending === 'at-once' || keyStart) switchTo(source, 'ordered', 0, atMs);
  };

  return {
    on: () => on,
    last: () => last,
    choose(order) {
      choice = { wanted: order.active.source, armed: order.armed };
      clips = order.slate;
      if (order.active.run !== run) {
        run = order.active.run;
        pending = choice.wanted === on || dark() ? undefined : order.active.how;
        if (pending) obey(now(), false);
      }
      if (!dark() && !sources.has(on)) lose('ended', 0);
      if (dark()) brighten(now());
      holdAtFirst();
      if (on === SLATE && !playing) playSlate();
    },
    opened(source) {
      if (!dark() || source.id !== choice.wanted) return;
      const published = parts.published();
      if (!published || (!parts.fits(source) && !candidates().some(({ ready, fits }) => ready && fits))) {
        parts.publish(source.tracks());
        if (on === SLATE) playSlate();
      }
    },
    moved(source) {
      rebased = source.id === on;
    },
    stands(source) {
      const { state } = source.standing();
      if (source.id === on && (state === 'ended' || state === 'silent'))
        lose(state === 'ended' ? state : quietly(source), now() - source.lastPacketAtMs());
      // The wanted one is known not to be there: another may be the first.
      else if (on === '' && state === 'ended') {
        brighten(now());
        holdAtFirst();
      }
    },
    late(source) {
      if (source.id === on) relieve();
    },
    takes(source, sight, atMs) {
      if (source.id === on) {
        lastSentAt = atMs;
        if (!rebased) return true;
        rebased = false;
        parts.begin(source.tracks(), source.gop.packets(), source.newestAtMs());
        return false;
      }
      if (dark()) brighten(atMs);
      else if (pending && source.id === choice.wanted) obey(atMs, sight.keyStart);
      else if (choice.armed.includes(source.id) || source.id === choice.wanted) relieve();
      return false;
    },
    close: () => slate.stop(),
  };
}
