import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { houseNow } from '../player/house-time.ts';

/** Something that has a view, and tells when it changes. */
export interface Followed<View> {
  view(): View;
  subscribe(listener: () => void): () => void;
}

/** A view, up to date. */
export function useFollowed<View>(source: Followed<View>): View {
  const [view, setView] = useState(source.view());
  useEffect(() => {
    const follow = (): void => setView(source.view());
    // It may have changed between being drawn and being followed.
    follow();
    return source.subscribe(follow);
  }, [source]);
  return view;
}

/** The gateway's time, ticking; all tickers of the page tick together. */
export function useNow(): number {
  const [now, setNow] = useState(houseNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(houseNow()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The size of an element. */
export function useSize(ref: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = (): void => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
