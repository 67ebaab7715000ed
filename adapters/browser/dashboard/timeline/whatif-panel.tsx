import { useState } from 'preact/hooks';
import { sentence } from '../../player/sentence.ts';
import type { World } from '../model.ts';
import { duration } from '../time.ts';
import type { Naming } from './describe.ts';
import { exactTime } from './describe.ts';
import type { Loss, WhatIf } from './whatif.ts';
import { askWhatIf } from './whatif-ask.ts';
import type { Thought } from './whatif-wall.ts';

interface Choice {
  label: string;
  loss: Loss;
}

/** What can be thought away in this house. */
function choicesIn({ relays, cameras }: World): Choice[] {
  const regions = [...new Set(relays.map(({ region }) => region))].filter((region) => region !== '');
  return [
    ...relays.map(({ id }) => ({ label: `relay ${id}`, loss: { relay: id } })),
    ...regions.map((region) => ({ label: `region ${region}`, loss: { region } })),
    { label: 'this gateway', loss: { gateway: true } },
    ...cameras.flatMap(({ id, name, sources }) =>
      sources.map((source) => ({
        label: `source ${source.id} of ${name}`,
        loss: { source: { camera: id, source: source.id } },
      })),
    ),
  ];
}

/** Asks what would happen if a relay, a region or a source were lost. */
export function WhatIfPanel(props: {
  world: World;
  at: number | undefined;
  name: Naming;
  thought: Thought | undefined;
  setThought: (thought: Thought | undefined) => void;
}) {
  const { world, at, name, thought, setThought } = props;
  const choices = choicesIn(world);
  const [chosen, setChosen] = useState('');
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState('');
  const choice = choices.find(({ label }) => label === chosen) ?? choices[0];
  if (!choice) return null;
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    setAsking(true);
    setFailure('');
    try {
      setThought({ lost: choice.label, answer: await askWhatIf(choice.loss, at) });
    } catch (error) {
      setThought(undefined);
      setFailure(error instanceof Error ? error.message : String(error));
    }
    setAsking(false);
  };
  return (
    <section class="whatif">
      <h2>What if…</h2>
      <form onSubmit={ask}>
        <label>
          we lost{' '}
          <select value={choice.label} onChange={(event) => setChosen(event.currentTarget.value)}>
            {choices.map(({ label }) => (
              <option key={label}>{label}</option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={asking}>
          {at === undefined ? 'Think it through now' : 'Think it through then'}
        </button>
      </form>
      <p class="hint">Only thought through: nothing real is touched.</p>
      {failure && <p class="failure">It could not be thought through: {failure}</p>}
      {thought && <Answer answer={thought.answer} name={name} clear={() => setThought(undefined)} />}
    </section>
  );
}

function Answer({ answer, name, clear }: { answer: WhatIf; name: Naming; clear: () => void }) {
  const { at, steps, moved, stranded, note, dark, gateway = [] } = answer;
  return (
    <div class="answer" role="status">
      <p>
        <b>
          {counted(moved, 'viewer')} would be moved, {counted(stranded, 'viewer')} stranded;{' '}
          {counted(dark.length, 'camera')} would be dark.
        </b>{' '}
        From {exactTime(at)}:
      </p>
      {note && <p>{note}</p>}
      <ul>
        {gateway.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {dark.map(({ camera, forMs }) => (
          <li key={camera}>
            <b>{name('camera', camera)}</b> dark{' '}
            {forMs === undefined ? 'until it is repaired' : `for ${shortly(forMs)}`}
          </li>
        ))}
      </ul>
      <ol>
        {steps.map((step) => (
          <li key={`${step.kind}${step.id} ${step.afterMs} ${step.to}`}>
            <span class="after">+{shortly(step.afterMs)}</span> {step.camera && 'a viewer of '}
            <b>{step.camera ? name('camera', step.camera) : name(step.kind, step.id)}</b> {step.from || 'new'} →{' '}
            {step.to || 'nowhere'}. <span>{sentence(step.why)}</span>
          </li>
        ))}
      </ol>
      <a href="#/">See it on the wall</a>
      <button type="button" onClick={clear}>
        Forget it
      </button>
    </div>
  );
}

const counted = (count: number, what: string): string => `${count || 'no'} ${what}${count === 1 ? '' : 's'}`;

/** Short times in milliseconds, longer ones in words. */
export const shortly = (ms: number): string => (ms < 10_000 ? `${Math.round(ms)} ms` : duration(ms));
