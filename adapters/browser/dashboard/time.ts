/** How long something lasts, as a person says it: `8 s`, `3 min 20 s`, `2 h 05 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long a picture was away, as exactly as it says something: `67 ms`, `1.4 s`, `12 s`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : duration(ms);
}

/** The time of day, on 24 hours, in the viewer's zone: `03:12:07`; with the date when it was another day. */
export function timeOfDay(at: number, now: number): string {
  const time = new Date(at);
  const clock = time.toLocaleTimeString('en-GB');
  return new Date(now).toDateString() === time.toDateString() ? clock : `${time.toLocaleDateString('en-CA')} ${clock}`;
}
