import { useMemo } from 'preact/hooks';
import { type Arrow, BOX_HEIGHT, type Chart, drawChart } from './chart-layout.ts';
import type { Fact } from './model.ts';
import { duration } from './time.ts';

/** What a chart needs of the event that led to its state. */
type Came = Pick<Fact, 'type' | 'at' | 'from' | 'state' | 'why'>;

/** A camera's statechart: where it is, how it got there, where it can go. */
export function ChartView({ chart, last, now }: { chart: Chart; last: Came | undefined; now: number }) {
  // The chart is asked for again and again, and almost always the same.
  const shape = JSON.stringify([chart.states, chart.transitions]);
  const drawing = useMemo(() => drawChart(chart), [shape]);
  const present = chart.current;
  const came = cameBy(drawing.arrows, present, last);
  const kindOf = (arrow: Arrow): string => (arrow === came ? 'last' : arrow.from === present ? 'next' : 'other');
  const rank: Record<string, number> = { other: 0, next: 1, last: 2 };
  const arrows = [...drawing.arrows].sort((a, b) => (rank[kindOf(a)] ?? 0) - (rank[kindOf(b)] ?? 0));
  const next = drawing.arrows.filter(({ from }) => from === present);
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${drawing.width} ${drawing.height}`}
        style={{ maxWidth: `${drawing.width}px` }}
        role="img"
        aria-label={`Statechart; the present state is ${present}`}
      >
        <defs>
          {['other', 'next', 'last'].map((kind) => (
            <marker
              key={kind}
              id={`head-${kind}`}
              class={kind}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerUnits="userSpaceOnUse"
              markerWidth="11"
              markerHeight="11"
              orient="auto"
            >
              <path d="M0 0L8 4L0 8z" />
            </marker>
          ))}
        </defs>
        {arrows.map((arrow) => (
          <path
            key={`${arrow.from}>${arrow.to}`}
            class={`arrow ${kindOf(arrow)}`}
            d={arrow.path}
            marker-end={`url(#head-${kindOf(arrow)})`}
          >
            <title>{`${arrow.from} → ${arrow.to} on ${arrow.on.join(', ')}`}</title>
          </path>
        ))}
        {drawing.boxes.map((box) => (
          <g key={box.name} class={`box state-${box.name} ${box.name === present ? 'present' : ''}`}>
            <title>{box.text}</title>
            <rect
              x={box.x - box.width / 2}
              y={box.y - BOX_HEIGHT / 2}
              width={box.width}
              height={BOX_HEIGHT}
              rx={BOX_HEIGHT / 2}
            />
            <text x={box.x} y={box.y}>
              {box.name}
            </text>
          </g>
        ))}
      </svg>
      <figcaption>
        {last && last.state === present && (
          <p class="came">
            <b>
              {last.from || 'new'} → {last.state}
            </b>{' '}
            on <code>{last.why?.trigger ?? last.type}</code>, {duration(now - last.at)} ago
          </p>
        )}
        {next.length > 0 && (
          <ul class="ways" aria-label="Where it can go from here">
            {next.map((arrow) => (
              <li key={arrow.to}>
                → <b>{arrow.to}</b> on <code>{arrow.on.join(', ')}</code>
              </li>
            ))}
          </ul>
        )}
      </figcaption>
    </figure>
  );
}

/**
 * The arrow by which the present state was reached. A fact names the states that people tell apart; the chart may have
 * another in between, and then the last step counts.
 */
function cameBy(arrows: Arrow[], present: string, last: Came | undefined): Arrow | undefined {
  if (last?.state !== present) return undefined;
  const into = arrows.filter(({ to }) => to === present);
  const trigger = last.why?.trigger ?? '';
  const leadsTo = (state: string): boolean => arrows.some(({ from, to }) => from === last.from && to === state);
  const byTrigger = into.filter(({ on }) => on.includes(trigger));
  return into.find(({ from }) => from === last.from) ?? byTrigger.find(({ from }) => leadsTo(from)) ?? byTrigger.at(0);
}
