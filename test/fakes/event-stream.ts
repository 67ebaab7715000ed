import type { Readable } from 'node:stream';

/** One block of a stream. */
interface Heard {
  id?: string;
  event?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it is told
  data?: any;
}

/** Reads Server-Sent Events as they come. */
export function readEvents(stream: Readable) {
  const heard: Heard[] = [];
  let text = '';
  let ended = false;
  stream.on('data', (chunk) => {
    text += String(chunk);
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      heard.push({ ...fields, ...(fields.data ? { data: JSON.parse(fields.data) } : {}) });
    }
  });
  stream.on('error', () => {});
  stream.on('close', () => {
    ended = true;
  });
  const facts = () => heard.filter((one) => one.data && !one.event);
  return {
    heard,
    facts,
    types: () => facts().map((one) => one.data.type.replace('signalbox.', '')),
    ended: () => ended,
    close: () => stream.destroy(),
  };
}
