import type { Measured } from '../../bus/events/rendition.ts';
import type { MeasureSlot } from '../../machines/slots.ts';

/** The slot that learns what a program carries, and what brings it the switchers' answers. */
export interface Measuring {
  slot: MeasureSlot;
  /** @param measured undefined while no picture has come from a key frame on */
  hear(camera: string, measured: Measured | undefined): void;
}

/** A switcher is asked this often, for so long. */
const MEASURE_EVERY_MS = 100;
const MEASURED_WITHIN_MS = 8_000;

/** Makes it. @param ask asks the switcher that carries a camera */
export function createMeasuring(ask: (camera: string) => void): Measuring {
  const waiting = new Map<string, (measured: Measured) => void>();
  return {
    hear(camera, measured) {
      if (measured) waiting.get(camera)?.(measured);
    },
    slot({ camera }, report) {
      const askedAt = performance.now();
      const end = () => {
        clearInterval(asking);
        if (waiting.get(camera) === hear) waiting.delete(camera);
      };
      const hear = (measured: Measured) => {
        end();
        report({ type: 'program.measured', ...measured });
      };
      const askAgain = () => {
        if (performance.now() - askedAt <= MEASURED_WITHIN_MS) return ask(camera);
        end();
        const detail = `no picture from a key frame on within ${MEASURED_WITHIN_MS} ms`;
        report({ type: 'ladder.ended', reason: 'source', detail });
      };
      waiting.set(camera, hear);
      const asking = setInterval(askAgain, MEASURE_EVERY_MS);
      askAgain();
      return { release: end };
    },
  };
}
