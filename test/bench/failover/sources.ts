import { until } from '../../fixtures/process.ts';
import { gapMs, outOfOrder } from './gaps.ts';
import type { Screen, Stage } from './stage.ts';

/** What one death of the preferred source, and its return, looked like on each screen; ms. */
export interface SourceTrial {
  ours: number;
  plain: number;
  stock: number;
  /** The hand-back when the source had been steady again. */
  handBack: number;
  /** Frames of the hand-back that showed no later instant than the one before. */
  disorder: number;
  /** As the switcher told: from the last packet to noticing, and the gap on the wire. */
  detectMs: number;
  recoverMs: number;
}

const GOP_MS = 2_000;
/** So long is looked at after an event. */
export const AFTER_MS = 1_500;
const SWITCH_WITHIN_MS = 20_000;
const STOCK_WITHIN_MS = 40_000;
/** Sources that are lost six times within a minute are put into quarantine, and that is not what is measured. */
const OUTAGE_EVERY_MS = 13_000;

/** Any phase of the cameras' key frames is as likely as any other. */
export const anyPhase = () => new Promise((resolve) => setTimeout(resolve, Math.random() * GOP_MS));

interface Screens {
  ours: Screen;
  plain: Screen;
  stock: Screen;
}

/** Orders the program back to the preferred source: by itself it would wait longer after each failure. */
async function handedBack(stage: Stage, { ours }: Screens): Promise<{ gap: number; disorder: number }> {
  const route = '/api/v1/cameras/cam';
  const choose = (source: string) => stage.group.api('POST', `${route}/source`, { source });
  const flows = async () => (await stage.group.api('GET', route)).body.sources[0].state === 'flowing';
  await until('the preferred source to flow again', flows, SWITCH_WITHIN_MS);
  await anyPhase();
  const orderedAt = Date.now();
  await choose('0');
  const { at } = await stage.events.next('camera.switched', 'camera/cam', orderedAt, SWITCH_WITHIN_MS);
  const frames = await ours.moving(at + AFTER_MS);
  await choose('auto');
  return {
    gap: gapMs(frames, at - AFTER_MS, at + AFTER_MS),
    disorder: outOfOrder(frames, at - AFTER_MS, at + AFTER_MS),
  };
}

async function one(stage: Stage, screens: Screens, lose: () => Promise<number>, bring: () => Promise<unknown>) {
  await stage.preferredOnAir();
  await anyPhase();
  const at = await lose();
  const fact = await stage.events.next('camera.switched', 'camera/cam', at, SWITCH_WITHIN_MS);
  const [ours, plain] = await Promise.all([screens.ours.moving(at + AFTER_MS), screens.plain.moving(at + AFTER_MS)]);
  await bring();
  const back = await handedBack(stage, screens);
  const stock = await screens.stock.moving(at + AFTER_MS, 20, STOCK_WITHIN_MS);
  return {
    ours: gapMs(ours, at, at + AFTER_MS),
    plain: gapMs(plain, at, at + AFTER_MS),
    stock: gapMs(stock, at),
    handBack: back.gap,
    disorder: back.disorder,
    detectMs: fact.data.detect_ms,
    recoverMs: fact.data.recover_ms,
  };
}

/** The preferred source is killed: its stream ends. It starts again and gets the picture back. */
export const killSource = (stage: Stage, screens: Screens): Promise<SourceTrial> =>
  one(stage, screens, stage.preferred.kill, stage.preferred.start);

/** The preferred source falls silent with its connection open, and goes on later. */
export const hangSource = (stage: Stage, screens: Screens): Promise<SourceTrial> =>
  one(stage, screens, stage.preferred.hang, async () => stage.preferred.wake());

/** Both sources die; the preferred one comes back. Resolves to the time from its server's answer to the first picture, ms. */
export async function outage(stage: Stage, { ours }: Screens): Promise<number> {
  const at = await stage.preferred.kill();
  await stage.backup.kill();
  await stage.events.next('camera.offline', 'camera/cam', at, SWITCH_WITHIN_MS);
  const answersAt = await stage.preferred.start();
  const frames = await ours.moving(answersAt);
  await stage.backup.start();
  await new Promise((resolve) => setTimeout(resolve, at + OUTAGE_EVERY_MS - Date.now()));
  return (frames.find((frame) => frame.at > answersAt && frame.latencyMs !== undefined)?.at ?? Number.NaN) - answersAt;
}
