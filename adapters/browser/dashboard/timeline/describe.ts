import { sentence } from '../../player/sentence.ts';
import type { World } from '../model.ts';
import { wordsFor } from '../words.ts';
import type { Happening } from './happening.ts';

/** How something is called on the page. */
export type Naming = (kind: string, id: string) => string;

export const nameIn =
  ({ cameras }: World): Naming =>
  (kind, id) =>
    (kind === 'camera' && cameras.find((camera) => camera.id === id)?.name) || id;

/** An event in one line: who, what, why. */
export function describe(happening: Happening, name: Naming): string {
  const { kind, id, state, type, why, by, subject, lane } = happening;
  const what = kind === 'camera' ? wordsFor(state || lastOf(type)).word : lastOf(type) || state;
  const camera = kind === 'viewer' ? ` (${name('camera', lane.slice(lane.indexOf('/') + 1))})` : '';
  const who = kind === 'viewer' ? `${subject || id}${camera}` : name(kind, id);
  return [`${who}: ${what}.`, why?.text ? sentence(why.text) : '', by ? `By ${by}.` : '', figures(happening)]
    .filter(Boolean)
    .join(' ');
}

const lastOf = (type: string): string => type.slice(type.indexOf('.') + 1);

function figures({ detectMs, recoverMs }: Happening): string {
  const parts = [];
  if (detectMs !== undefined) parts.push(`noticed after ${Math.round(detectMs)} ms`);
  if (recoverMs !== undefined) parts.push(`picture away for ${(recoverMs / 1_000).toFixed(1)} s`);
  return parts.length > 0 ? sentence(parts.join(', ')) : '';
}

/** A moment to the millisecond, in the viewer's zone. */
export function exactTime(at: number): string {
  const time = new Date(at);
  const date = time.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
  return `${date}, ${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** The zone that times are shown in: `Asia/Ho_Chi_Minh, UTC+7`. */
export function zoneText(at: number): string {
  const minutes = -new Date(at).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const offset = minutes === 0 ? 'UTC' : `UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${rest}` : ''}`;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name === offset ? name : `${name}, ${offset}`;
}
