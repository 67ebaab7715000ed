/** One event of a Server-Sent Events stream. */
export interface ServerEvent {
  id: string;
  data: string;
}

/**
 * Reads Server-Sent Events out of text that arrives in pieces
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 * Every event is passed on, whatever its name.
 */
export function createEventReader(hear: (event: ServerEvent) => void): (piece: string) => void {
  let rest = '';
  let id = '';
  let data: string[] = [];
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) hear({ id, data: data.join('\n') });
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'id') id = value;
  };
  return (piece) => {
    rest += piece;
    // A CR at the very end may be half of a CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const text of lines) line(text);
  };
}
