import { followEvents, type StreamHears } from './stream.ts';

/**
 * Follows the events through the worker that all windows share; where there is none, with a stream of its own.
 * @returns a function that ends it
 */
export function followShared(hears: StreamHears): () => void {
  let worker: SharedWorker;
  try {
    worker = new SharedWorker(new URL('./events-worker.ts', import.meta.url), { type: 'module', name: 'signalbox' });
  } catch {
    return followEvents(hears);
  }
  let stop = (): void => {
    worker.port.postMessage('bye');
    worker.port.close();
    window.removeEventListener('pagehide', stop);
  };
  worker.onerror = () => {
    // The worker's script could not be had: the window helps itself.
    stop();
    stop = followEvents(hears);
  };
  worker.port.onmessage = ({ data }) => {
    if (data.status) hears.status(data.status);
    else hears.event(data.data, data.seq);
  };
  window.addEventListener('pagehide', stop);
  return () => stop();
}
