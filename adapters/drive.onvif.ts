import type { DriveInput, DriveReport, DriveSlot } from '../machines/slots.ts';
import { deviceFailed } from './onvif/fault.ts';
import type { Target } from './onvif/talk.ts';
import type { OnvifThread } from './onvif/thread.ts';
import type { Login } from './secrets.files.ts';

/** What the drive needs from the place where it is made. */
export interface DriveNeeds {
  thread: OnvifThread;
  login(credential: string): Login | undefined;
  /** Epoch ms, as the machine counts it. */
  now(): number;
}

const WITHIN_MS = 6_000;

/** Moves cameras over ONVIF. Orders to one camera go one after the other; of those that wait, the newest alone. */
export function driveOnvif({ thread, login, now }: DriveNeeds): DriveSlot {
  const newest = new Map<string, DriveInput>();
  const lines = new Map<string, Promise<void>>();

  const send = ({ order }: DriveInput, target: Target): Promise<void> => {
    if (order.kind === 'stop') return thread.call('stop', WITHIN_MS, target);
    if (order.kind === 'save') return thread.call('save', WITHIN_MS, target, order.preset_name);
    if (order.kind === 'preset') return thread.call('goTo', WITHIN_MS, target, order.preset);
    const leftMs = order.until - now();
    // Taken up by another gateway after its time: the alarm has it stopped.
    if (leftMs <= 0) return Promise.resolve();
    return thread.call('move', WITHIN_MS, target, order, leftMs);
  };
  const carry = async (input: DriveInput, report: (event: DriveReport) => void): Promise<void> => {
    if (newest.get(input.camera) !== input) return;
    const startedAt = performance.now();
    try {
      const target = { url: input.url, ...(input.credential === undefined ? {} : login(input.credential)) };
      await send(input, target);
      report({ type: 'drive.done', elapsed_ms: Math.round(performance.now() - startedAt) });
    } catch (error) {
      const { reason, message } = deviceFailed(error);
      report({ type: 'drive.failed', reason, detail: message });
    }
  };
  return (input, report) => {
    const { camera } = input;
    newest.set(camera, input);
    const turn = (lines.get(camera) ?? Promise.resolve()).then(() => carry(input, report));
    lines.set(camera, turn);
    void turn.then(() => {
      if (lines.get(camera) !== turn) return;
      lines.delete(camera);
      newest.delete(camera);
    });
    // What was ordered stands until the next order; a move ends by itself.
    return { release() {} };
  };
}
