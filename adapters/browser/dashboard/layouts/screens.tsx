import { useState } from 'preact/hooks';

/** A monitor, as the Window Management API tells it, in pixels of the whole desktop. */
interface Monitor {
  label: string;
  isPrimary: boolean;
  availLeft: number;
  availTop: number;
  availWidth: number;
  availHeight: number;
}

/** What browsers with that API know beside the standard; it tells of the monitors only where somebody permits it. */
interface ManagedWindow {
  screen: { isExtended?: boolean };
  getScreenDetails?: () => Promise<{ screens: Monitor[]; currentScreen: Monitor }>;
}
const managed = (): ManagedWindow => window as unknown as ManagedWindow;

interface Found {
  screens: Monitor[];
  here: number;
}

const WITHOUT = 'Open it in a window of its own, move that to the other screen, and press f there.';

/** How a window is opened that fills a monitor, with nothing of the browser but its frame. */
const filling = ({ availLeft, availTop, availWidth, availHeight }: Monitor): string =>
  `popup,left=${availLeft},top=${availTop},width=${availWidth},height=${availHeight}`;

/**
 * Opens a wall on one of several monitors, where the browser tells of them; nothing where there is but one.
 * @param link the wall
 * @param done a window was opened
 */
export function Screens({ link, done }: { link: string; done: () => void }) {
  const [found, setFound] = useState<Found>();
  const [failure, setFailure] = useState('');
  const { screen, getScreenDetails } = managed();
  if (!screen.isExtended) return null;
  if (!getScreenDetails) return <p class="note">Another screen: {WITHOUT}</p>;
  const ask = async (): Promise<void> => {
    try {
      const { screens, currentScreen } = await getScreenDetails.call(window);
      setFound({ screens: [...screens], here: screens.indexOf(currentScreen) });
    } catch {
      setFailure(`The browser may not tell which screens there are. ${WITHOUT}`);
    }
  };
  if (failure !== '') {
    return (
      <p class="note" role="alert">
        {failure}
      </p>
    );
  }
  if (!found) {
    return (
      <button type="button" onClick={() => void ask()}>
        On another screen…
      </button>
    );
  }
  return (
    <>
      {found.screens.map((monitor, place) => (
        <button
          key={place}
          type="button"
          onClick={() => {
            open(link, '_blank', filling(monitor));
            done();
          }}
        >
          {`On screen ${place + 1}${monitor.label ? `, ${monitor.label}` : ''}${place === found.here ? ' (this one)' : ''}`}
        </button>
      ))}
    </>
  );
}
