/** What of an event says who watches or listens, and whether there is a picture. */
interface Said {
  type: string;
  viewer?: string;
}

/** Who watches or listens once the event is taken in. @param audience sessions, each once */
export function audienceAfter(audience: string[], { type, viewer }: Said): string[] {
  if (viewer === undefined) return audience;
  if (type === 'audience.joined') return [...new Set([...audience, viewer])];
  if (type === 'audience.left') return audience.filter((one) => one !== viewer);
  return audience;
}

/** Whether the camera gives a picture once the event is taken in. */
export const pictureAfter = (picture: boolean, { type }: Said): boolean =>
  type === 'camera.watchable' || (type !== 'camera.dark' && picture);
