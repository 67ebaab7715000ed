import type { Page } from 'playwright-core';

/** What a drag over the time line took. */
export interface Dragged {
  /** Between each frame and the one before, ms. */
  framesMs: number[];
  /** How long the page's main thread was at work for each frame, ms: what a machine with other work can't lengthen much. */
  busyMs: number;
}

/**
 * Drags over the time line's canvas, a little further before every frame, from side to side.
 * @param depth px below the canvas's upper edge: on the axis the moment is taken along, on the lanes the window
 */
export async function drag(page: Page, frames: number, depth: number): Promise<Dragged> {
  const box = await page.locator('.lanes canvas').boundingBox();
  if (!box) throw new Error('the page has no time line');
  const [left, y] = [box.x + 200, box.y + depth];
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busySeconds = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  await page.mouse.move(left, y);
  await page.mouse.down();
  const before = await busySeconds();
  const framesMs = (await page.evaluate(`new Promise((resolve) => {
    const canvas = document.querySelector('.lanes canvas');
    const frames = [];
    let last;
    let turn = 0;
    const next = (now) => {
      if (last !== undefined) frames.push(now - last);
      last = now;
      if (frames.length >= ${frames}) return resolve(frames);
      const way = (turn++ * 12) % 1000;
      const clientX = ${left} + (way < 500 ? way : 1000 - way);
      const said = { clientX, clientY: ${y}, pointerId: 1, pointerType: 'mouse', buttons: 1, bubbles: true };
      canvas.dispatchEvent(new PointerEvent('pointermove', said));
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  })`)) as number[];
  const busyMs = ((await busySeconds()) - before) * 1000;
  await page.mouse.up();
  await session.detach();
  return { framesMs, busyMs: busyMs / frames };
}
