/** One Server-Sent Event; without `data` it only says how far the stream has come. */
export interface ServerEvent {
  id?: string;
  event?: string;
  data: string;
}

/** Longer events are no events of ours. */
const MAX_BUFFERED = 1_000_000;

/**
 * Reads Server-Sent Events from a body (https://html.spec.whatwg.org/multipage/server-sent-events.html), until it ends.
 * Comments are kept apart: they only prove that the connection lives.
 */
export async function* serverEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let buffered = '';
  let lines: string[] = [];
  for await (const chunk of body) {
    buffered += decoder.decode(chunk, { stream: true });
    if (buffered.length > MAX_BUFFERED) throw new Error('the event stream sent a line of over a million characters');
    // A CR at the very end may be the first half of CR LF.
    const whole = buffered.endsWith('\r') ? buffered.length - 1 : buffered.length;
    const parts = buffered.slice(0, whole).split(/\r\n|\n|\r/);
    buffered = (parts.pop() ?? '') + buffered.slice(whole);
    for (const line of parts) {
      if (line !== '') lines.push(line);
      else {
        const event = eventOf(lines);
        lines = [];
        if (event) yield event;
      }
    }
  }
}

function eventOf(lines: string[]): ServerEvent | undefined {
  const event: ServerEvent = { data: '' };
  const data: string[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'id') event.id = value;
    else if (field === 'event') event.event = value;
  }
  // An id alone tells how far it is known that nothing happened.
  if (data.length === 0 && event.event === undefined && event.id === undefined) return undefined;
  return { ...event, data: data.join('\n') };
}
