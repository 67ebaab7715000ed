import { Worker } from 'node:worker_threads';
import { DeviceFailed } from './fault.ts';
import type { Answered, Calls } from './talk.ts';

/** The thread in which the library runs. */
export interface OnvifThread {
  call<Name extends keyof Calls>(
    name: Name,
    withinMs: number,
    ...args: Parameters<Calls[Name]>
  ): ReturnType<Calls[Name]>;
  close(): void;
}

/** A device that answers without end must not take the memory of the gateway. */
const MEMORY_MB = 128;

/** A thread does not inherit what translates TypeScript. */
const BOOT = `import(${JSON.stringify(import.meta.resolve('tsx/esm/api'))}).then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)});
})`;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: DeviceFailed): void;
}

/** Opens the thread at the first call, and anew after it fell over what a device answered. */
export function openOnvifThread(): OnvifThread {
  let worker: Worker | undefined;
  let calls = 0;
  const waiting = new Map<number, Waiting>();
  const take = (id: number): Waiting | undefined => {
    const one = waiting.get(id);
    waiting.delete(id);
    return one;
  };
  const fell = (who: Worker) => {
    if (worker !== who) return;
    worker = undefined;
    const error = new DeviceFailed('unsupported', 'a device answered what no ONVIF device answers');
    for (const id of [...waiting.keys()]) take(id)?.reject(error);
  };
  const open = (): Worker => {
    const opened = new Worker(BOOT, {
      name: 'onvif',
      eval: true,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    opened.unref();
    opened.on('message', (answer: Answered) => {
      const one = take(answer.id);
      if ('reason' in answer) one?.reject(new DeviceFailed(answer.reason, answer.text));
      else one?.resolve(answer.value);
    });
    opened.on('error', () => fell(opened));
    opened.on('exit', () => fell(opened));
    return opened;
  };
  return {
    call: (name, withinMs, ...args) => {
      worker ??= open();
      const id = ++calls;
      const answer = new Promise((resolve, reject) => {
        const late = setTimeout(() => take(id)?.reject(new DeviceFailed('timeout', 'it does not answer')), withinMs);
        const over =
          <T>(how: (value: T) => void) =>
          (value: T) => {
            clearTimeout(late);
            how(value);
          };
        waiting.set(id, { resolve: over(resolve), reject: over(reject) });
      });
      worker.postMessage({ id, call: name, args });
      return answer as ReturnType<Calls[typeof name]>;
    },
    close() {
      const open = worker;
      worker = undefined;
      void open?.terminate();
      for (const id of [...waiting.keys()]) take(id)?.reject(new DeviceFailed('timeout', 'this process ends'));
    },
  };
}
