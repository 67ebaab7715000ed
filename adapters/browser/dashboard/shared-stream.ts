import { followEvents, type StreamHears } from './stream.ts';

const PATIENCE_MS = 5_000;

/**
 * Follows the events through the worker that all windows share; where there is none, with a stream of its own.
 * @param person whose rights the stream has: windows of different people share nothing
 * @returns a function that ends it
 */
export function followShared(person: string, hears: StreamHears): () => void {
  let worker: SharedWorker;
  try {
    worker = new SharedWorker(new URL('./events-worker.ts', import.meta.url), { type: 'module', name: person });
  } catch {
    return followEvents(hears);
  }
  let stop = (): void => {
    worker.port.postMessage('bye');
    worker.port.close();
    window.removeEventListener('pagehide', stop);
  };
  const helpItself = (): void => {
    window.clearTimeout(patience);
    stop();
    stop = followEvents(hears);
  };
  // The worker may be kept from working where the window is not: no script, or a policy of its own.
  const patience = window.setTimeout(helpItself, PATIENCE_MS);
  worker.onerror = helpItself;
  worker.port.onmessage = ({ data }) => {
    if (data.status === 'open' || data.status === 'denied') window.clearTimeout(patience);
    if (data.status) hears.status(data.status);
    else if (data.gap) hears.gap();
    else hears.event(data.data, data.seq);
  };
  window.addEventListener('pagehide', stop);
  return () => stop();
}
