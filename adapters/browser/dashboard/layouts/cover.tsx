import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Camera } from '../model.ts';

/** Over a tile of a wall that is arranged: dragged to another's place, or moved by buttons and arrow keys. */
export function Cover(props: {
  camera: Camera;
  place: number;
  count: number;
  columns: number;
  /** The tile that would give way, while one is dragged. */
  over: string | undefined;
  setOver: (camera: string | undefined) => void;
  /** @param to a place, or the camera whose place it shall be */
  move: (to: number | string) => void;
  remove: () => void;
  /** It was just moved by key or button, and its button keeps the focus. */
  focused: string | undefined;
}) {
  const { camera, place, count, columns, over, setOver, move, remove, focused } = props;
  const cover = useRef<HTMLDivElement>(null);
  const dragged = useRef<number>(undefined);
  useLayoutEffect(() => {
    // An element that changes its place in the document loses the focus.
    if (focused) cover.current?.querySelector<HTMLElement>(`[data-does=${focused}]`)?.focus();
  }, [place, focused]);
  const under = ({ clientX, clientY }: PointerEvent): string | undefined =>
    document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>('.tile')?.dataset.camera;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const act = (does: string, label: string, sign: string, run: () => void, disabled = false) => (
    <button
      type="button"
      data-does={does}
      aria-label={`${label}: ${camera.name}`}
      title={label}
      // At its end it keeps the focus, and so the arrow keys.
      aria-disabled={disabled}
      onClick={run}
    >
      {sign}
    </button>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what it does, its buttons do as well
    <div
      ref={cover}
      class={`cover ${over === camera.id ? 'over' : ''}`}
      onPointerDown={(event) => {
        const on = event.target as Element;
        // A finger scrolls, except on the grip.
        if (event.button !== 0 || on.closest('button') || (event.pointerType === 'touch' && !on.closest('.grip')))
          return;
        event.currentTarget.setPointerCapture(event.pointerId);
        dragged.current = event.pointerId;
        event.preventDefault();
      }}
      onPointerMove={(event) => dragged.current === event.pointerId && setOver(under(event))}
      onPointerUp={(event) => {
        const to = under(event);
        if (dragged.current === event.pointerId && to !== undefined && to !== camera.id) move(to);
      }}
      onLostPointerCapture={() => {
        dragged.current = undefined;
        setOver(undefined);
      }}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        move(place + step);
      }}
    >
      <span class="grip" aria-hidden="true">
        ⠿
      </span>
      <span class="acts">
        {act('earlier', 'Move to the place before', '◀', () => move(place - 1), place === 0)}
        <b>{place + 1}</b>
        {act('later', 'Move to the place after', '▶', () => move(place + 1), place === count - 1)}
        {act('remove', 'Take off this wall', '✕', remove)}
      </span>
    </div>
  );
}
