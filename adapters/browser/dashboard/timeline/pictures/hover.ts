import { houseNow } from '../../../player/house-time.ts';
import { formText } from '../../../player/past-form.ts';
import { createThumbnailCard } from '../../../player/thumbnail-card.ts';
import { exactTime } from '../describe.ts';
import type { Travel } from '../travel.ts';
import { spanOf } from '../window.ts';
import { coverageAt } from './coverage.ts';
import { keptText } from './kept.ts';
import type { Recordings } from './recorded.ts';

/**
 * Shows a small picture of the moment under the pointer, of the camera whose lane it is; or why there is none.
 * @param cameraAt whose lane is at a height of the canvas
 * @returns a function that ends it
 */
export function followHover(
  canvas: HTMLCanvasElement,
  travel: Travel,
  recordings: Recordings,
  cameraAt: (y: number) => string | undefined,
): () => void {
  const card = createThumbnailCard(document.body, { server: '' });
  const stop = new AbortController();
  const move = (event: PointerEvent): void => {
    const { left, top } = canvas.getBoundingClientRect();
    const camera = cameraAt(event.clientY - top);
    const now = houseNow();
    const { from, to } = spanOf(travel.view().window, now);
    const at = from + ((event.clientX - left) / canvas.clientWidth) * (to - from);
    const known = camera === undefined ? undefined : recordings.view().get(camera);
    const coverage = coverageAt(known, at, now);
    // Who drags looks at the scrubber; a finger would cover it.
    const unseen = event.buttons !== 0 || event.pointerType === 'touch' || at > now;
    if (unseen || !camera || known?.recorded.never || coverage.name === 'unknown') {
      card.hide();
      return;
    }
    const sentences = [
      coverage.name === 'missing' ? coverage.why : '',
      known ? formText(known.recorded.recorded, at) : '',
      known ? keptText(known.recorded, at) : '',
    ];
    const said = sentences.filter(Boolean).join(' ');
    const text = said ? `${exactTime(at)}. ${said}` : exactTime(at);
    const recorded = coverage.name === 'recorded';
    card.show({ camera, at, text, recorded }, event.clientX, event.clientY - 14, event.clientY + 14);
  };
  const on = { signal: stop.signal };
  canvas.addEventListener('pointermove', move, on);
  canvas.addEventListener('pointerdown', card.hide, on);
  canvas.addEventListener('pointerleave', card.hide, on);
  canvas.addEventListener('wheel', card.hide, on);
  return () => {
    stop.abort();
    card.remove();
  };
}
