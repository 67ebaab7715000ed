import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiRefusal, callApi, listApi } from '../api.ts';
import { type Layout, layoutOf } from './layout.ts';

const READ_EVERY_MS = 60_000;

/** Where a layout opens: the page as it is, in a window of its own where one likes. */
export const layoutLink = (id: string): string => `/?layout=${encodeURIComponent(id)}`;

/** The layout that the address names; empty: none. */
export const layoutInAddress = (): string => new URLSearchParams(location.search).get('layout') ?? '';

/** The layouts that somebody finds, the one that this window shows, and how to choose another. */
export interface Layouts {
  items: Layout[];
  chosen: Layout | undefined;
  /** Why the one that the address names is not shown. */
  failure: string;
  /** It is asked for, and not there yet. */
  waits: boolean;
  /** @param id empty: all cameras */
  choose(id: string): void;
  read(): Promise<void>;
}

/** Layouts of who is signed in. @param sub empty while nobody is known to be */
export function useLayouts(sub: string): Layouts {
  const [id, setId] = useState(layoutInAddress);
  const [items, setItems] = useState<Layout[]>([]);
  const [linked, setLinked] = useState<Layout>();
  const [failure, setFailure] = useState('');

  const read = useCallback(async (): Promise<void> => {
    try {
      const found = (await listApi('/api/v1/layouts')).map(layoutOf);
      setItems(found.sort((one, other) => one.name.localeCompare(other.name)));
      const isListed = id === '' || found.some((layout) => layout.id === id);
      setLinked(isListed ? undefined : layoutOf(await callApi('GET', `/api/v1/layouts/${encodeURIComponent(id)}`)));
      setFailure('');
    } catch (error) {
      // While the gateway is away, what is known stays; the header says that it is away.
      if (error instanceof ApiRefusal) setFailure(error.message);
    }
  }, [id]);
  useEffect(() => {
    if (sub === '') return;
    void read();
    const timer = setInterval(read, READ_EVERY_MS);
    return () => clearInterval(timer);
  }, [sub, read]);
  useEffect(() => {
    const follow = (): void => setId(layoutInAddress());
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);

  const chosen = id === '' ? undefined : (items.find((layout) => layout.id === id) ?? linked);
  return {
    items,
    chosen: chosen?.id === id ? chosen : undefined,
    failure: id === '' ? '' : failure,
    waits: id !== '' && chosen === undefined && failure === '',
    choose(to) {
      history.pushState(null, '', to === '' ? '/' : layoutLink(to));
      setFailure('');
      // The route is another one as well.
      dispatchEvent(new PopStateEvent('popstate'));
    },
    read,
  };
}
