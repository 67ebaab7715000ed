import { useEffect, useState } from 'preact/hooks';
import { hashOfView, isTimeHash, type View, viewOfHash } from './timeline/link.ts';

/** Where the page is: the wall, one camera large, or the time line. */
export type Route = { name: 'wall' } | { name: 'camera'; id: string } | { name: 'time'; view: View };

/** The route in an address's hash. */
export function routeOf(hash: string): Route {
  if (isTimeHash(hash)) return { name: 'time', view: viewOfHash(hash) };
  const found = hash.match(/^#\/camera\/([^/]+)$/);
  return found?.[1] ? { name: 'camera', id: decodeURIComponent(found[1]) } : { name: 'wall' };
}

/** The hash of a route. */
export function hashOf(route: Route): string {
  if (route.name === 'time') return hashOfView(route.view);
  return route.name === 'camera' ? `#/camera/${encodeURIComponent(route.id)}` : '#/';
}

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
    // The way back may lead to another layout as well, whose address differs before the hash.
    addEventListener('popstate', follow);
    return () => {
      removeEventListener('hashchange', follow);
      removeEventListener('popstate', follow);
    };
  }, []);
  return route;
}
