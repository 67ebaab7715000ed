import { until } from '../../fixtures/process.ts';
import { gapMs, youngGapMs } from './gaps.ts';
import { anyPhase } from './sources.ts';
import type { Screen, Stage } from './stage.ts';

/** What the loss of a delivery relay looked like; ms. */
export interface RelayTrial {
  ours: number;
  /** To a frame that shows the present. */
  young: number;
  stock?: number;
}

/** So long is looked at after an event. */
export const AFTER_MS = 2_500;
const STOCK_WITHIN_MS = 40_000;

async function relayOf(stage: Stage): Promise<string> {
  const { items } = (await stage.group.api('GET', '/api/v1/sessions')).body;
  return items[0].relay;
}

async function measured(ours: Screen, at: number): Promise<RelayTrial> {
  const frames = await ours.moving(at + AFTER_MS);
  return { ours: gapMs(frames, at, at + AFTER_MS), young: youngGapMs(frames, at) ?? Number.NaN };
}

/** Both relays serve, and the player has had time to take its standby. */
async function allServe(stage: Stage, ours: Screen): Promise<void> {
  const serve = async () => {
    const { items } = (await stage.group.api('GET', '/api/v1/relays')).body as { items: { state: string }[] };
    return items.every(({ state }) => state === 'serving');
  };
  await until('every relay to serve', serve, 20_000);
  await ours.moving(Date.now(), 90);
  await anyPhase();
}

/** The relay that shows our picture is killed; the stock one at the same moment, and started again at once. */
export async function killRelay(stage: Stage, ours: Screen, stock?: Screen): Promise<RelayTrial> {
  await allServe(stage, ours);
  const relay = await relayOf(stage);
  const at = await stage.group.signal(`relay:${relay}`, 'SIGKILL');
  if (stock) {
    await stage.stock.kill();
    await stage.stock.start();
  }
  const trial = await measured(ours, at);
  if (!stock) return trial;
  return { ...trial, stock: gapMs(await stock.moving(at + AFTER_MS, 20, STOCK_WITHIN_MS), at) };
}

/** The relay hangs with its connections open: nobody is told. */
export async function hangRelay(stage: Stage, ours: Screen): Promise<RelayTrial> {
  await allServe(stage, ours);
  const relay = await relayOf(stage);
  const at = await stage.group.signal(`relay:${relay}`, 'SIGSTOP');
  try {
    return await measured(ours, at);
  } finally {
    await stage.group.signal(`relay:${relay}`, 'SIGCONT');
  }
}

/** The relay is drained by an operator, and taken back into service afterwards. */
export async function drainRelay(stage: Stage, ours: Screen): Promise<RelayTrial> {
  await allServe(stage, ours);
  const relay = await relayOf(stage);
  const at = Date.now();
  await stage.group.api('POST', `/api/v1/relays/${relay}/drain`);
  await until('the viewer to have moved', async () => (await relayOf(stage)) !== relay, 20_000);
  const trial = await measured(ours, at);
  await stage.group.api('DELETE', `/api/v1/relays/${relay}/drain`);
  return trial;
}

/** A process of ours that no picture goes through is killed. Resolves to the gap and to how long an admission took. */
export async function killBystander(
  stage: Stage,
  ours: Screen,
  name: string,
): Promise<{ ours: number; admissionMs: number }> {
  await ours.moving(Date.now(), 60);
  const at = await stage.group.signal(name, 'SIGKILL');
  const admissionMs = await admissionTime(stage);
  const frames = await ours.moving(at + AFTER_MS);
  return { ours: gapMs(frames, at, at + AFTER_MS), admissionMs };
}

/** From now to the first answer of an admission, granted or refused with a reason; ms. */
async function admissionTime(stage: Stage): Promise<number> {
  const askedAt = performance.now();
  const ask = () => stage.group.api('GET', '/live/cam/webrtc').catch(() => undefined);
  const answer = await until('an admission to be answered', ask, 10_000, 20);
  const tookMs = performance.now() - askedAt;
  if (answer.status === 200) await stage.group.api('DELETE', `/api/v1/sessions/${answer.body.session_id}`);
  return tookMs;
}
