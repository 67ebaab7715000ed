import { followEvents, type StreamStatus } from './stream.ts';

/**
 * One event stream for all windows of a browser: browsers open only six connections to a server over HTTP/1.1, and
 * each stream would take one.
 */
type Port = MessagePort;
const ports = new Set<Port>();
let status: StreamStatus = 'connecting';
let stop: (() => void) | undefined;

const tell = (message: object): void => {
  for (const port of ports) port.postMessage(message);
};
const follow = (): void => {
  stop?.();
  stop = followEvents({
    status(now) {
      status = now;
      tell({ status: now });
    },
    event: (data, seq) => tell({ data, seq }),
    gap: () => tell({ gap: true }),
  });
};

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data !== 'bye') return;
    ports.delete(port);
    if (ports.size > 0) return;
    stop?.();
    stop = undefined;
  };
  // Somebody who was refused earlier may have signed in since.
  if (!stop || status === 'denied') follow();
  port.postMessage({ status });
});
