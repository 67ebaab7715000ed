import './guide.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isDone, type Newcomer, stepsFor } from './guide.ts';
import type { Camera } from './model.ts';

/** A few steps for somebody who is new, beside what they are about; what is meant is framed. */
export function Guide(props: { newcomer: Newcomer; route: string; cameras: Camera[]; close: () => void }) {
  const { newcomer, route, cameras, close } = props;
  const steps = stepsFor(newcomer);
  const [at, setAt] = useState(0);
  const [done, setDone] = useState<readonly string[]>([]);
  const step = steps[Math.min(at, steps.length - 1)];
  const id = step?.id ?? 'tile';
  const before = useRef({ id, cameras });
  // The cameras as they are when the step is shown.
  if (before.current.id !== id) before.current = { id, cameras };
  const now = isDone(id, route, cameras, before.current.cameras);
  useEffect(() => {
    if (now) setDone((others) => [...others, id]);
  }, [now, id]);
  useEffect(() => {
    document.documentElement.dataset.guide = id;
    return () => {
      delete document.documentElement.dataset.guide;
    };
  }, [id]);
  if (!step) return null;
  const last = at === steps.length - 1;
  const isStepDone = step.done !== undefined && done.includes(id);
  return (
    <aside class="guide" aria-label="Guided start">
      <p class="where">
        Step {at + 1} of {steps.length}
      </p>
      <h2>{step.title}</h2>
      <p>{step.text}</p>
      <p role="status" class={isStepDone ? 'done' : ''}>
        {isStepDone && `✓ ${step.done}`}
      </p>
      <p class="buttons">
        {at > 0 && (
          <button type="button" onClick={() => setAt(at - 1)}>
            Back
          </button>
        )}
        {!last && (
          <button type="button" class="on" onClick={() => setAt(at + 1)}>
            Next
          </button>
        )}
        <button type="button" onClick={close}>
          {last ? 'Done' : 'No, thanks'}
        </button>
      </p>
      <p class="again">? brings this back.</p>
    </aside>
  );
}
