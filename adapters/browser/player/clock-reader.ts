import { CLOCK_COLUMNS, decodeClock } from './clock.ts';

// Each cell is drawn as 4 × 4 samples, of which the inner four count: edges are blurred by scaling and compression.
const SAMPLES = 4;

/** Reads the machine-readable clock out of the frame that a video shows. */
export interface ClockReader {
  /** Epoch ms painted into the present frame; undefined when it carries no clock. */
  read(video: HTMLVideoElement, nowMs: number): number | undefined;
}

/** Makes a reader; one canvas serves every video of a page. */
export function createClockReader(): ClockReader {
  const canvas = document.createElement('canvas');
  canvas.width = CLOCK_COLUMNS * SAMPLES;
  canvas.height = 2 * SAMPLES;
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  const cells = new Float32Array(2 * CLOCK_COLUMNS);
  return {
    read(video, nowMs) {
      const width = video.videoWidth;
      if (!drawing || !width) return undefined;
      drawing.drawImage(video, 0, 0, width, width / (CLOCK_COLUMNS / 2), 0, 0, canvas.width, canvas.height);
      const pixels = drawing.getImageData(0, 0, canvas.width, canvas.height).data;
      for (let cell = 0; cell < cells.length; cell++) cells[cell] = brightness(pixels, cell);
      return decodeClock(cells, nowMs);
    },
  };
}

function brightness(pixels: Uint8ClampedArray, cell: number): number {
  const left = (cell % CLOCK_COLUMNS) * SAMPLES;
  const top = cell < CLOCK_COLUMNS ? 0 : SAMPLES;
  let sum = 0;
  for (let y = 1; y < SAMPLES - 1; y++) {
    for (let x = 1; x < SAMPLES - 1; x++) {
      const at = ((top + y) * CLOCK_COLUMNS * SAMPLES + left + x) * 4;
      // Green carries most of the brightness, and the strip is grey.
      sum += pixels[at + 1] ?? 0;
    }
  }
  return sum / (SAMPLES - 2) ** 2;
}
