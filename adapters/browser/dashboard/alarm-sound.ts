/** Whether a new alarm is heard: nothing sounds until a person permits it, and a mute ends by itself. */
export type Sound = { name: 'off' } | { name: 'on' } | { name: 'muted'; until: number };

export const SILENT: Sound = { name: 'off' };
/** For how long alarms can be muted. */
export const MUTE_MINUTES = [5, 15, 60] as const;

/** How it stands at a moment. */
export const soundAt = (sound: Sound, now: number): Sound =>
  sound.name === 'muted' && now >= sound.until ? { name: 'on' } : sound;
