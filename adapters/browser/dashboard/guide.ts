import { backupOf, type Camera } from './model.ts';

/** What a newcomer is shown, and where to look for it. */
export interface GuideStep {
  id: 'tile' | 'plug' | 'past' | 'add';
  title: string;
  text: string;
  /** What is said once it was done; absent: there is nothing to do. */
  done?: string;
}

/** Who is shown around, as far as it matters. */
export interface Newcomer {
  demo: boolean;
  administers: boolean;
}

const TILE: GuideStep = {
  id: 'tile',
  title: 'What a tile says',
  text:
    'Border, sign and word tell the state of a camera: live, frozen (it sends, but the picture stands still), ' +
    'offline, and so on. When that changes, the tile says why and since when. Click a picture for the whole story.',
};
const PLUG: GuideStep = {
  id: 'plug',
  title: 'Pull a plug',
  text:
    'This is a demo, but its cameras are real processes. Pull plug 0 of one: its backup carries on, and the tile ' +
    'says why, and for how long nothing moved.',
  done: 'There it is: on its backup. Plug it in again, and it goes back without a missed picture.',
};
const PAST: GuideStep = {
  id: 'past',
  title: 'Open the past',
  text:
    'Press t, or Time line on top: all that happened, and how everything stood at any moment. In the large view of ' +
    'a recorded camera, J shows the last ten seconds again.',
  done: 'This is all that happened. Move the scrubber to see how everything stood; t leads back.',
};
const ADD: GuideStep = {
  id: 'add',
  title: 'Add a camera',
  text: 'Add a camera… on top finds one or takes its address, shows its picture, and puts it on the wall.',
  done: 'It is on the wall.',
};

/** The steps for somebody: nobody is shown what they may not do. */
export const stepsFor = ({ demo, administers }: Newcomer): GuideStep[] => [
  TILE,
  ...(demo ? [PLUG] : []),
  PAST,
  ...(administers ? [ADD] : []),
];

/**
 * Whether a step was just done.
 * @param before the cameras when it was shown
 */
export function isDone(id: GuideStep['id'], route: string, cameras: Camera[], before: Camera[]): boolean {
  const known = (camera: Camera) => before.find((one) => one.id === camera.id);
  switch (id) {
    case 'tile':
      return false;
    case 'plug':
      return cameras.some((camera) => {
        const was = known(camera);
        return was !== undefined && backupOf(was) === undefined && backupOf(camera) !== undefined;
      });
    case 'past':
      return route === 'time';
    case 'add':
      return cameras.some((camera) => known(camera) === undefined);
  }
}
