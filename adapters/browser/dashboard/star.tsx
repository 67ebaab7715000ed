/** Marks a camera as important: its picture then outlives a relay without a break, for the price of a second stream. */
export function Star({ on, turn }: { on: boolean; turn: (on: boolean) => void }) {
  const label = on
    ? 'Important: a second connection is kept ready'
    : 'Mark as important: keeps a second connection ready';
  return (
    <button type="button" class="star" aria-pressed={on} aria-label={label} title={label} onClick={() => turn(!on)}>
      <svg class={`icon ${on ? 'filled' : ''}`} viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 3l2.7 5.8 6.3.8-4.6 4.4 1.2 6.3-5.6-3.1-5.6 3.1 1.2-6.3L3 9.6l6.3-.8z" />
      </svg>
    </button>
  );
}
