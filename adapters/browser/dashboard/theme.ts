/** How the page looks: dark unless somebody chose otherwise. */
export const THEMES = ['dark', 'light', 'system'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'signalbox-theme';
const light = matchMedia('(prefers-color-scheme: light)');

/** What was chosen in this browser. */
export function chosenTheme(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === found) ?? 'dark';
  } catch {
    return 'dark'; // storage is switched off
  }
}

/** Chooses, and remembers it. */
export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then it holds until the page is closed.
  }
  apply(theme);
}

function apply(theme: Theme): void {
  const isLight = theme === 'light' || (theme === 'system' && light.matches);
  document.documentElement.dataset.theme = isLight ? 'light' : 'dark';
}

/** Puts the chosen theme on, and follows the system where that was chosen. */
export function followTheme(): void {
  apply(chosenTheme());
  light.addEventListener('change', () => apply(chosenTheme()));
}
