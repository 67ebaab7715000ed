/** One event of a Server-Sent Events stream. */
export interface ServerEvent {
  /** The last id seen: where to resume. */
  id: string;
  name: string;
  /** Undefined when only the id moved on: there was something that is not for this reader. */
  data?: string;
}

/**
 * Reads Server-Sent Events out of text that arrives in pieces
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
 * Every event is passed on, whatever its name, and so is every new id.
 */
export function createEventReader(hear: (event: ServerEvent) => void): (piece: string) => void {
  let rest = '';
  let id = '';
  let toldId = '';
  let name = '';
  let data: string[] = [];
  const line = (text: string): void => {
    if (text === '') {
      if (data.length > 0) hear({ id, name: name || 'message', data: data.join('\n') });
      else if (id !== toldId) hear({ id, name: 'id' });
      toldId = id;
      name = '';
      data = [];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') name = value;
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
