import { useEffect, useState } from 'preact/hooks';

/** Where the page is: the wall, or one camera large. */
export type Route = { name: 'wall' } | { name: 'camera'; id: string };

/** The route in an address's hash. */
export function routeOf(hash: string): Route {
  const found = hash.match(/^#\/camera\/([^/]+)$/);
  return found?.[1] ? { name: 'camera', id: decodeURIComponent(found[1]) } : { name: 'wall' };
}

/** The hash of a route. */
export const hashOf = (route: Route): string =>
  route.name === 'camera' ? `#/camera/${encodeURIComponent(route.id)}` : '#/';

/** Goes somewhere; the browser's back button leads back. */
export function go(route: Route): void {
  location.hash = hashOf(route);
}

/** The present route. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const follow = (): void => setRoute(routeOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}
