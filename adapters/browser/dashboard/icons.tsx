import type { Sign } from './words.ts';

const SHAPES: Record<Sign, string> = {
  play: 'M6 4l14 8-14 8z',
  pause: 'M5 4h5v16H5zM14 4h5v16h-5z',
  snow: 'M12 2v20M3.3 7l17.4 10M20.7 7L3.3 17M12 6l-3-2.5M12 6l3-2.5M12 18l-3 2.5M12 18l3 2.5',
  cross: 'M5 5l14 14M19 5L5 19',
  ring: 'M12 3a9 9 0 1 1-9 9',
  moon: 'M20 14A9 9 0 1 1 10 4a7 7 0 0 0 10 10z',
  bars: 'M12 2l10 18H2zM12 9v5M12 17v1',
  swap: 'M4 8h14l-4-4M20 16H6l4 4',
  slate: 'M3 5h18v14H3zM3 15l18-6',
  siren: 'M6 20v-6a6 6 0 0 1 12 0v6zM4 20h16M12 2v2M4 6l1.5 1.5M20 6l-1.5 1.5',
  bell: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4M12 3v2',
  taken: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM9 12.5l2 2 4-4M12 3v2',
  query: 'M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1-1.5 2.3M12 18v1',
};
const FILLED: ReadonlySet<Sign> = new Set(['play', 'pause']);

/** A state's sign. */
export function Icon({ sign }: { sign: Sign }) {
  return (
    <svg class={`icon ${FILLED.has(sign) ? 'filled' : ''}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[sign]} />
    </svg>
  );
}
