const KEY = 'signalbox-important';

function remembered(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
  } catch {
    return []; // storage is switched off, or somebody else wrote there
  }
}

/** Whether a camera was marked important in this browser: then a second connection is kept ready for its picture. */
export const isImportant = (camera: string): boolean => remembered().includes(camera);

/** Marks a camera, or takes the mark away, and remembers it. */
export function markImportant(camera: string, important: boolean): void {
  const others = remembered().filter((id) => id !== camera);
  try {
    localStorage.setItem(KEY, JSON.stringify(important ? [...others, camera] : others));
  } catch {
    // Then it holds until the page is closed.
  }
}
