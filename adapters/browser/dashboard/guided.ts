const KEY = 'signalbox-guide';

/** Whether this browser was told that nobody wants to be shown around any more. */
export function isGuided(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true; // it could not be told, and would come again each time
  }
}

/** Nobody is shown around here again, unless they ask. */
export function dismissGuide(): void {
  try {
    localStorage.setItem(KEY, 'dismissed');
  } catch {
    // Then it is not shown by itself anyhow.
  }
}
