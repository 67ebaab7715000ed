import { sentence } from '../../player/sentence.ts';
import { ChartView } from '../chart.tsx';
import { useFollowed } from '../hooks.ts';
import { Icon } from '../icons.tsx';
import { duration } from '../time.ts';
import { wordsFor } from '../words.ts';
import type { Naming } from './describe.ts';
import type { Happening } from './happening.ts';
import type { CellThen, Moment, Moments } from './moment.ts';

/** Everything at the moment that is looked at, as the gateway replays it. */
export function Then(props: { moments: Moments; happening: Happening | undefined; chosen: string; name: Naming }) {
  const { moments, happening, chosen, name } = props;
  const { moment, asking, failure } = useFollowed(moments);
  if (failure) return <p class="failure">This moment could not be replayed: {failure}</p>;
  if (!moment) return <p class="hint">Asking what was then…</p>;
  const of = (kind: string): CellThen[] => moment.cells.filter((cell) => cell.kind === kind);
  const cameras = of('camera');
  const large = cameras.find(({ id }) => id === chosen);
  return (
    <div class={`then ${asking ? 'asking' : ''}`} aria-busy={asking}>
      {large?.chart && (
        <section>
          <h2>{name('camera', large.id)}, statechart then</h2>
          <ChartView chart={large.chart} last={happening?.id === large.id ? happening : undefined} now={moment.at} />
        </section>
      )}
      <Cells title="Cameras then" cells={cameras} at={moment.at} name={name} chosen={chosen} />
      <Viewers cells={of('viewer')} at={moment.at} name={name} />
      <Cells title="Relays then" cells={of('relay')} at={moment.at} name={name} chosen="" />
      <Compared moment={moment} />
    </div>
  );
}

function Cells(props: { title: string; cells: CellThen[]; at: number; name: Naming; chosen: string }) {
  const { title, cells, at, name, chosen } = props;
  if (cells.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="cells">
        {cells.map((cell) => {
          const words = wordsFor(cell.state, cell.why?.reason);
          return (
            <li key={cell.id} class={`state-${cell.state} ${cell.id === chosen ? 'chosen' : ''}`} data-cell={cell.id}>
              <span class="badge">
                <Icon sign={words.sign} />
                {words.word}
              </span>
              <b>{name(cell.kind, cell.id)}</b>
              <span class="for">for {duration(at - cell.since)}</span>
              {cell.why?.text && <span class="why">{sentence(cell.why.text)}</span>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const textIn = (context: Record<string, unknown>, ...path: string[]): string => {
  const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], context);
  return typeof found === 'string' ? found : '';
};

function Viewers({ cells, at, name }: { cells: CellThen[]; at: number; name: Naming }) {
  const watching = cells.filter(({ state }) => state !== 'ended' && state !== 'denied');
  return (
    <section>
      <h2>Watching then</h2>
      {watching.length === 0 ? (
        <p class="hint">Nobody.</p>
      ) : (
        <ul class="viewers-then">
          {watching.map(({ id, state, context, since }) => (
            <li key={id}>
              <b>{textIn(context, 'subject', 'sub') || id}</b> {name('camera', textIn(context, 'camera'))}: {state}{' '}
              <span>
                {textIn(context, 'relay')} for {duration(at - since)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Whether the replay can be believed. */
function Compared({ moment: { compared, difference } }: { moment: Moment }) {
  if (difference) {
    return (
      <p class="failure" role="alert">
        The replay differs from what was recorded, first in {difference}. What is shown here may not be what was.
      </p>
    );
  }
  return (
    <p class="hint">
      {compared > 0
        ? `${compared} records replayed; each ended as it was recorded.`
        : 'Shown as it was recorded: there was nothing to replay.'}
    </p>
  );
}
