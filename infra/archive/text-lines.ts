import type { Readable } from 'node:stream';

/** The lines of a text as they come. Unlike readline it passes on the errors of its source. */
export async function* textLines(source: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source.setEncoding('utf8')) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest) yield rest;
}
