import { expect } from 'chai';
import { createQueueMeter } from '../../../adapters/browser/player/queueing.ts';
import { createRecentMost } from '../../../adapters/browser/player/recent-most.ts';
import { watchDelay } from '../../../adapters/switch.rtp/delay.ts';
import { createTimebase } from '../../../adapters/switch.rtp/timebase.ts';
import { attribute, excuseOf } from '../../../machines/policy/attribution.ts';
import { type Crossing, type Excused, freshPath, takeSample } from '../../../machines/policy/quality.ts';

const EVERY_MS = 40;
const KEY_EVERY = 50;
const FOR_MS = 20_000;
/** The packets of 1,200 bytes of a picture: 1.9 Mb/s in all. */
const packetsOf = (n: number): number => (n % KEY_EVERY === 0 ? 40 : 7);
/** What a socket of Chromium holds while nobody reads it. */
const SOCKET_PACKETS = 56;
const LINE_QUEUE_MS = 150;

/** How one viewer's picture fares; times in ms from the beginning. */
interface Case {
  /** By how much the camera's picture is late that is due then. */
  cameraLateMs?(atMs: number): number;
  /** What the line carries from 5 s on, as a share of what is sent; undefined: all, at once. */
  lineShare?: number;
  /** When the viewer's host runs again that is wanted at `atMs`. */
  runsAtMs?(atMs: number): number;
  /** What is said besides loss and queue is left away, as by old players. */
  unsaid?: boolean;
}

/** A host that stands still for so long out of each so long, from 5 s on. */
const standing =
  (forMs: number, outOfMs: number, untilMs = FOR_MS) =>
  (atMs: number): number => {
    if (atMs < 5_000 || atMs >= untilMs) return atMs;
    const into = (atMs - 5_000) % outOfMs;
    return into < forMs ? atMs + forMs - into : atMs;
  };

interface Read {
  atMs: number;
  n: number;
  /** Packets that are known to be missing since the picture before. */
  lost: number;
  got: number;
}

/** What the host reads: each picture that comes with its last packet, and what was lost until then. */
function reads({ cameraLateMs = () => 0, lineShare, runsAtMs = (atMs) => atMs }: Case): Read[] {
  const packetMs = EVERY_MS / (7 + 33 / KEY_EVERY) / (lineShare ?? 1);
  const read: Read[] = [];
  /** When what the socket holds is read. */
  let held: number[] = [];
  let freeAtMs = 0;
  let lost = 0;
  for (let n = 0; n * EVERY_MS < FOR_MS; n++) {
    const sentMs = n * EVERY_MS + cameraLateMs(n * EVERY_MS);
    let [atMs, got] = [0, 0];
    for (let packet = 0; packet < packetsOf(n); packet++) {
      const isNarrow = lineShare !== undefined && sentMs >= 5_000;
      const begins = Math.max(sentMs, freeAtMs);
      if (isNarrow && begins - sentMs > LINE_QUEUE_MS) {
        lost += 1;
        continue;
      }
      const arrivesMs = isNarrow ? begins + packetMs : sentMs;
      if (isNarrow) freeAtMs = arrivesMs;
      held = held.filter((one) => one > arrivesMs);
      if (held.length >= SOCKET_PACKETS) {
        lost += 1;
        continue;
      }
      atMs = runsAtMs(arrivesMs);
      held.push(atMs);
      got += 1;
    }
    if (got === 0) continue;
    read.push({ atMs, n, lost, got });
    lost = 0;
  }
  return read;
}

/** By how much the camera's pictures were told to be late, and when. */
function delays({ cameraLateMs = () => 0 }: Case): { atMs: number; ms: number }[] {
  const told: { atMs: number; ms: number }[] = [];
  const timebase = createTimebase();
  let nowMs = 0;
  const delay = watchDelay((ms) => told.push({ atMs: nowMs, ms }));
  for (let n = 0; n * EVERY_MS < FOR_MS; n++) {
    nowMs = n * EVERY_MS + cameraLateMs(n * EVERY_MS);
    timebase.seen(n * EVERY_MS * 90, nowMs);
    delay.seen(nowMs - (timebase.newestAtMs() ?? nowMs), nowMs);
  }
  return told;
}

type Told = (Crossing | Excused) & { atMs: number };

/** Everything that is told of such a viewer's path, as his player and the gateway find it. */
function told(one: Case): Told[] {
  const { runsAtMs = (atMs) => atMs, unsaid = false } = one;
  const events: Told[] = [];
  const path = freshPath();
  const queue = createQueueMeter();
  const late = createRecentMost(350);
  const camera = delays(one);
  let since = { atMs: 0, lost: 0, got: 0, pictures: 0 };
  let tickedMs = 0;
  const sample = (atMs: number, queueMs?: number): void => {
    for (; tickedMs + 25 <= atMs; tickedMs = runsAtMs(tickedMs + 25)) {
      late.note(runsAtMs(tickedMs + 25), runsAtMs(tickedMs + 25) - tickedMs - 25);
    }
    const behind = camera.findLast((delay) => delay.atMs <= atMs && atMs - delay.atMs < 1_000);
    const fps = queueMs === undefined ? { fps: (since.pictures * 1_000) / (atMs - since.atMs) } : {};
    const others = { busyMs: late.most(), ...(behind ? { cameraLateMs: behind.ms } : {}) };
    const event = takeSample(path, {
      ...{ at: 100_000 + atMs, loss: since.lost / Math.max(1, since.lost + since.got) },
      ...{ ...fps, ...(queueMs === undefined ? {} : { queueMs }), ...(unsaid ? {} : others) },
    });
    if (event) events.push({ ...event, atMs });
  };
  for (const { atMs, n, lost, got } of reads(one)) {
    if (atMs - since.atMs >= 250) {
      sample(atMs);
      since = { atMs, lost: 0, got: 0, pictures: 0 };
    }
    since = { ...since, lost: since.lost + lost, got: since.got + got, pictures: since.pictures + 1 };
    const queueMs = queue.frame(atMs, n * EVERY_MS * 90);
    if (queueMs !== undefined && (queueMs >= 250 || (queueMs >= 60 && since.lost > 0))) sample(atMs, queueMs);
  }
  return events;
}

const bad = (one: Case) => told(one).filter(({ type }) => type === 'path.degraded');
const excused = (one: Case) => told(one).filter(({ type }) => type === 'path.excused');

describe('what a player measures on a host that is starved', () => {
  /** For four seconds it gets a sixth of the time, in pieces: its socket overflows. */
  const starved: Case = { runsAtMs: standing(330, 400, 9_000) };
  /** An encoder at three quarters of what it should do, for two seconds, that catches up then. */
  const behind: Case = {
    cameraLateMs: (atMs) => Math.max(0, Math.min((atMs - 5_000) / 3, (8_500 - atMs) / 2)),
  };
  const narrow: Case = { lineShare: 0.5 };

  it('says nothing of its network: its picture stays, and the log tells why', () => {
    expect(bad({ ...starved, unsaid: true }), 'where nobody says so').to.not.deep.equal([]);
    expect(bad(starved)).to.deep.equal([]);
    const [first, ...more] = excused(starved);
    expect(first).to.include({ type: 'path.excused' });
    expect(first).to.have.property('busy_ms').that.is.above(250);
    expect(more, 'told seldom').to.deep.equal([]);
  });

  it('says nothing of it where the camera’s pictures come late already, as from an encoder that falls behind', () => {
    expect(bad({ ...behind, unsaid: true }), 'where nobody says so').to.not.deep.equal([]);
    expect(bad(behind)).to.deep.equal([]);
    expect(excused(behind)[0]).to.have.property('camera_late_ms').that.is.above(200);
  });

  it('tells a narrow line as soon as ever on a host that is not', () => {
    const [first] = bad(narrow);
    expect(first).to.include({ collapsed: true });
    expect(first?.atMs).to.equal(bad({ ...narrow, unsaid: true })[0]?.atMs);
    expect(first?.atMs).to.be.below(5_500);
    expect(excused(narrow)).to.deep.equal([]);
  });

  it('tells a narrow line on a host that is busy now and then, by what is lost beyond that', () => {
    for (const [forMs, outOfMs] of [
      [45, 300],
      [80, 400],
      [150, 2_500],
    ] as const) {
      const [first] = bad({ ...narrow, runsAtMs: standing(forMs, outOfMs) });
      expect(first?.atMs, `${forMs} of ${outOfMs} ms`).to.be.within(5_000, 6_100);
    }
  });

  it('makes it go down by one step where that lasts: it can’t keep up, whatever its network does', () => {
    for (const lineShare of [undefined, 0.5]) {
      const [first] = bad({ ...(lineShare ? { lineShare } : {}), runsAtMs: standing(500, 600) });
      expect(first?.atMs).to.be.within(10_000, 12_000);
      expect(first).to.not.have.property('collapsed');
    }
  });

  it('tells a line that has become narrow before a camera whose pictures are late, too', () => {
    const [first] = bad({ ...narrow, cameraLateMs: (atMs) => (atMs > 5_000 ? 90 : 0) });
    expect(first?.atMs).to.be.within(5_000, 6_000);
  });
});

describe('what the network can have caused', () => {
  it('is all, where a page is late as any is', () => {
    const measured = { loss: 0.3, queueMs: 80, busyMs: 49, cameraLateMs: 0 };
    expect(attribute(measured)).to.deep.equal({ loss: 0.3, queueMs: 80 });
  });

  it('is what goes beyond what its host was late, and its camera', () => {
    const { loss, queueMs } = attribute({ loss: 0.5, queueMs: 400, busyMs: 100, cameraLateMs: 120 });
    expect([Math.round(loss * 100), queueMs]).to.deep.equal([10, 180]);
    expect(attribute({ loss: 0.5, queueMs: 90, busyMs: 900, cameraLateMs: 0 })).to.deep.equal({ loss: 0, queueMs: 0 });
  });

  it('is told in a sentence, by what was most at fault', () => {
    const measured = { loss: 0.5, queueMs: 400, busyMs: 130.4, cameraLateMs: 120 };
    expect(excuseOf(measured)).to.deep.equal({
      reason: 'host-busy',
      text: "the player's own host came to run up to 130 ms late: this says nothing of its network",
    });
    expect(excuseOf({ ...measured, cameraLateMs: 1_250 })).to.deep.equal({
      reason: 'camera-late',
      text: "the camera's pictures came here 1.3 s late: this says nothing of the viewer's network",
    });
  });
});
