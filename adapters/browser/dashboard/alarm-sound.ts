/** Whether alarms are heard: nothing sounds until a person permits it, and a mute ends by itself. */
export type Sound = { name: 'off' } | { name: 'on' } | { name: 'muted'; until: number };

export const SILENT: Sound = { name: 'off' };
/** For how long alarms can be muted. */
export const MUTE_MINUTES = [5, 15, 60] as const;

/** How it stands at a moment. */
export const soundAt = (sound: Sound, now: number): Sound =>
  sound.name === 'muted' && now >= sound.until ? { name: 'on' } : sound;

/** What nobody takes care of is heard again after this long. */
export const AGAIN_MS = 30_000;

/**
 * Whether alarms sound at a moment: a new one at once, and the others again while nobody takes care of them.
 * @param alarms how many are open, whether one of them is new, and when it sounded last
 */
export const soundsNow = (
  sound: Sound,
  now: number,
  { open, isNew, rangAt }: { open: number; isNew: boolean; rangAt: number },
): boolean => soundAt(sound, now).name === 'on' && open > 0 && (isNew || now - rangAt >= AGAIN_MS);
