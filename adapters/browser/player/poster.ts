import { type Door, knock } from './admission.ts';

/**
 * Puts a camera's latest still picture on screen.
 * @param show is given an address for an `img`; which can't carry a token, so with one the picture is fetched first
 */
export function showPoster(door: Door, camera: string, show: (url: string) => void): void {
  const path = `/api/v1/cameras/${encodeURIComponent(camera)}/poster.jpg`;
  if (!door.token) {
    show(door.server + path);
    return;
  }
  knock(door, path)
    .then(async (response) => {
      if (response.ok) show(URL.createObjectURL(await response.blob()));
    })
    // A missing poster is no fault: the picture comes without one.
    .catch(() => {});
}
