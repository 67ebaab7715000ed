import type { ComponentChildren, CSSProperties } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { isTyping } from '../player/typing.ts';
import type { Alarm } from './alarms.ts';
import { type Emergencies, incidentAt } from './emergency.ts';
import { useSize } from './hooks.ts';
import { type Arrangement, arrange, type Grid, NARROW_PX } from './layout.ts';
import type { Camera } from './model.ts';
import { go, type Route } from './route.ts';
import { Tile } from './tile.tsx';
import type { Outcome } from './timeline/whatif-wall.ts';

const GAP_PX = 8;
/** Caption and borders of a tile. */
const CAPTION_PX = 46;
/** On a phone, the plugs of a demo camera stand below its name. */
const PLUGS_PX = 34;
const STRIP_PX = 136;

/** What a wall shows, and how. */
export interface WallProps {
  cameras: Camera[];
  emergencies: Emergencies;
  alarms: Alarm[];
  route: Route;
  demo: boolean;
  /** What would become of a camera, while a question of what-if is looked at. */
  outcomeOf: (camera: string) => Outcome | undefined;
  /** Absent: the pictures as large as can be. */
  grid?: Grid | undefined;
  /** What lies over a tile. @param place counted from 0 */
  coverOf?: ((camera: Camera, place: number, columns: number) => ComponentChildren) | undefined;
}

/** Cameras; or one large and the others in a strip beneath it. The tiles stay, so their pictures do. */
export function Wall(props: WallProps) {
  const { cameras, emergencies, alarms, route, demo, outcomeOf, grid, coverOf } = props;
  const area = useRef<HTMLElement>(null);
  const size = useSize(area);
  const chosen = route.name === 'camera' ? route.id : undefined;
  const captionPx = CAPTION_PX + (demo && size.width < NARROW_PX ? PLUGS_PX : 0);
  const arrangement = arrange(cameras.length, size, GAP_PX, captionPx, grid);
  const gridded = !chosen && (grid?.big === true || grid?.columns !== undefined);
  const bigs = gridded && grid?.big === true && arrangement.columns > 1 && cameras.length > 1;
  useArrows(area, arrangement.columns);
  const others = cameras.length > 1;
  return (
    <section
      class={`wall ${chosen ? 'one' : 'all'} ${gridded ? 'gridded' : ''} ${coverOf ? 'covered' : ''}`}
      ref={area}
      style={gridded ? gridOf(arrangement) : {}}
      aria-label="Cameras"
    >
      {size.width > 0 &&
        cameras.map((camera, place) => {
          const isBig = bigs && place === 0;
          const role = chosen === undefined ? 'wall' : chosen === camera.id ? 'large' : 'strip';
          const style =
            role === 'wall'
              ? fixed(arrangement, isBig ? 2 : 1)
              : role === 'large'
                ? large(size, captionPx, others)
                : {};
          return (
            <Tile
              key={camera.id}
              camera={camera}
              incident={incidentAt(emergencies, camera.id)}
              broadcasts={emergencies.broadcasts.filter((one) => one.camera === camera.id)}
              alarm={alarms.find((alarm) => alarm.cameras.includes(camera.id))}
              demo={demo}
              outcome={outcomeOf(camera.id)}
              role={role}
              isBig={isBig}
              cover={coverOf?.(camera, place, arrangement.columns)}
              style={style}
            />
          );
        })}
    </section>
  );
}

/** @param times how many columns and rows it takes */
const fixed = ({ tileWidth, tileHeight }: Arrangement, times: number): CSSProperties => ({
  width: `${tileWidth * times + GAP_PX * (times - 1)}px`,
  height: `${tileHeight * times + GAP_PX * (times - 1)}px`,
});
const gridOf = ({ columns, tileWidth, tileHeight }: Arrangement): CSSProperties => ({
  gridTemplateColumns: `repeat(${columns}, ${tileWidth}px)`,
  gridAutoRows: `${tileHeight}px`,
});

/** As large as the area allows, with room for the strip. */
function large(area: { width: number; height: number }, captionPx: number, others: boolean): CSSProperties {
  const { width, height } = area;
  if (width < NARROW_PX) return { width: '100%', height: `${Math.floor((width * 9) / 16) + captionPx}px` };
  const room = height - captionPx - (others ? STRIP_PX + GAP_PX : 0);
  const tileWidth = Math.min(width, Math.floor((room * 16) / 9));
  return { width: `${tileWidth}px`, height: `${Math.floor((tileWidth * 9) / 16) + captionPx}px` };
}

/** Arrow keys lead from tile to tile; on a large camera, left and right lead to the one before and after. */
function useArrows(area: { current: HTMLElement | null }, columns: number): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
      const step = steps[event.key];
      const tiles = [...(area.current?.querySelectorAll<HTMLElement>('.tile') ?? [])];
      if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || tiles.length === 0) return;
      if (isTyping(event)) return;
      const large = tiles.findIndex((tile) => tile.classList.contains('in-large'));
      if (large >= 0 && Math.abs(step) !== 1) return;
      const from = large >= 0 ? large : tiles.findIndex((tile) => tile.contains(document.activeElement));
      const to = tiles[from < 0 ? 0 : from + step];
      if (!to) return;
      event.preventDefault();
      if (large >= 0) go({ name: 'camera', id: to.dataset.camera ?? '' });
      else to.querySelector<HTMLElement>('.open')?.focus();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [area, columns]);
}
