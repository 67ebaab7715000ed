import { wordsFor } from '../words.ts';
import { MARKS } from './happening.ts';
import { GLYPHS, MARK_WORDS, styleOf } from './look.ts';

const STATES = ['live', 'frozen', 'stalled', 'connecting', 'offline', 'quarantined', 'idle'];

/** What the bands and marks mean. */
export function Legend() {
  return (
    <ul class="time-legend" aria-label="What the bands and marks mean">
      {STATES.map((state) => (
        <li key={state} class={`state-${state}`}>
          <svg viewBox="0 0 28 16" aria-hidden="true">
            <Band state={state} />
          </svg>
          {wordsFor(state).word}
        </li>
      ))}
      <li class="recorded">
        <svg viewBox="0 0 28 16" aria-hidden="true">
          <path d="M0 6h28v4H0z" />
        </svg>
        recorded
      </li>
      <li class="not-recorded">
        <svg viewBox="0 0 28 16" aria-hidden="true">
          <path d="M0 6h2v4H0zM5 6h2v4H5zM10 6h2v4h-2zM15 6h2v4h-2zM20 6h2v4h-2zM25 6h2v4h-2z" />
        </svg>
        picture missing
      </li>
      <li>
        <svg viewBox="0 0 28 16" aria-hidden="true">
          <path d="M2 4v7h24V4h-2v5H4V4z" />
        </svg>
        kept from retention
      </li>
      <li class="not-recorded">
        <svg viewBox="0 0 28 16" aria-hidden="true">
          <path
            d="M0 6l4 4M4 6l-4 4M6 6l4 4M10 6l-4 4M12 6l4 4M16 6l-4 4M18 6l4 4M22 6l-4 4M26 0v16"
            stroke="currentColor"
          />
        </svg>
        before where you may look back
      </li>
      <li class="stopped">
        <svg viewBox="0 0 28 16" aria-hidden="true">
          <path d="M1 1h26v14H1z" fill="none" stroke="currentColor" stroke-dasharray="2 3" />
        </svg>
        Signalbox was not running
      </li>
      {MARKS.map((mark) => (
        <li key={mark}>
          <svg class={`mark-${mark}`} viewBox="0 0 16 16" aria-hidden="true">
            <path d={GLYPHS[mark]} fill-rule="evenodd" />
          </svg>
          {MARK_WORDS[mark]}
        </li>
      ))}
    </ul>
  );
}

const PATTERNS: Record<string, string> = {
  hatch: 'M-4 16L12 0M4 16L20 0M12 16L28 0M20 16L36 0',
  stripes: 'M0 3h28M0 10h28',
  bars: 'M3 0v16M11 0v16M19 0v16M27 0v16',
  dots: 'M2 4h4M10 4h4M18 4h4M6 8h4M14 8h4M22 8h4M2 12h4M10 12h4M18 12h4',
};

function Band({ state }: { state: string }) {
  const { pattern, height } = styleOf(state);
  const path = PATTERNS[pattern];
  return path ? <path class="pattern" d={path} /> : <rect x="0" y={8 - 8 * height} width="28" height={16 * height} />;
}
