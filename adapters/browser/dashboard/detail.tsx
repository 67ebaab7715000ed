import { useEffect, useState } from 'preact/hooks';
import { sentence } from '../player/sentence.ts';
import { callApi, listApi } from './api.ts';
import { Broadcasts } from './broadcasts.tsx';
import { ChartView } from './chart.tsx';
import type { Chart } from './chart-layout.ts';
import type { Broadcast } from './emergency.ts';
import { Events } from './events.tsx';
import { readHistory } from './history.ts';
import { useNow } from './hooks.ts';
import { Icon } from './icons.tsx';
import type { Camera, Fact } from './model.ts';
import { Ptz } from './ptz.tsx';
import { hashOf } from './route.ts';
import { duration, timeOfDay } from './time.ts';
import { LIVE } from './timeline/link.ts';
import { wordsFor } from './words.ts';

const CHART_EVERY_MS = 1_500;

/** Whether a fact is about this camera: its own, of its motors, or of somebody who watches it. */
const isAbout = (fact: Fact, camera: string): boolean =>
  fact.kind === 'camera' || fact.kind === 'ptz' ? fact.id === camera : fact.data.camera === camera;

/** Beside a large camera: its state and why, its statechart, its last events, its sources, who watches. */
export function Detail(props: { camera: Camera; facts: Fact[]; broadcasts: Broadcast[] }) {
  const { camera, facts, broadcasts } = props;
  const now = useNow();
  const [chart, setChart] = useState<Chart>();
  const [past, setPast] = useState<Fact[]>([]);
  useEffect(() => {
    readHistory(camera.id, facts.at(-1)?.seq ?? 0).then(setPast);
  }, [camera.id]);
  useEffect(() => {
    const read = (): void => {
      callApi('GET', `/api/v1/cameras/${encodeURIComponent(camera.id)}/chart`).then(setChart, () => {});
    };
    read();
    // The chart has finer states than those that facts tell of.
    const timer = setInterval(read, CHART_EVERY_MS);
    return () => clearInterval(timer);
  }, [camera.id, camera.since]);

  const heard = facts.filter((fact) => isAbout(fact, camera.id));
  const first = heard[0]?.seq ?? Number.POSITIVE_INFINITY;
  const events = [...past.filter(({ seq }) => seq < first), ...heard];
  const last = events.findLast(({ kind }) => kind === 'camera');
  const words = wordsFor(camera.state, camera.why?.reason);
  return (
    <aside class={`detail state-${camera.state}`} aria-label={camera.name}>
      <div class="head">
        <h1>{camera.name}</h1>
        <a class="back" href="#/">
          Wall <kbd>Esc</kbd>
        </a>
        <a class="back" href={hashOf({ name: 'time', view: { ...LIVE, cameras: [camera.id] } })}>
          Time <kbd>t</kbd>
        </a>
        <p class="where">
          {camera.zone} · <code>{camera.id}</code> {camera.picture && `· ${camera.picture}`}
        </p>
      </div>
      <section class="now">
        <p class="badge">
          <Icon sign={words.sign} />
          {words.word}
        </p>
        <p>
          for <b>{duration(now - camera.since)}</b>, since {timeOfDay(camera.since, now)}
        </p>
        {camera.why?.text && <p class="why">{sentence(camera.why.text)}</p>}
        {camera.why?.guard && <Guard values={camera.why.guard} />}
        {words.next && <p class="next">{words.next}</p>}
      </section>
      {camera.movable && <Ptz camera={camera.id} last={heard.findLast(({ kind }) => kind === 'ptz')} />}
      {chart && (
        <section>
          <h2>Statechart</h2>
          <ChartView chart={chart} last={last} now={now} />
        </section>
      )}
      <section>
        <h2>Last events</h2>
        <Events events={events} now={now} />
      </section>
      <Sources camera={camera} />
      <Broadcasts camera={camera} running={broadcasts} now={now} />
      <Sessions camera={camera} viewerFacts={heard.filter(({ kind }) => kind === 'viewer').length} now={now} />
    </aside>
  );
}

/** The values that decided. */
function Guard({ values }: { values: Record<string, unknown> }) {
  return (
    <dl class="guard">
      {Object.entries(values).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Every source with its state and reason; operators choose which one is shown. */
function Sources({ camera }: { camera: Camera }) {
  const [failure, setFailure] = useState('');
  if (camera.sources.length === 0) return null;
  // Addresses are told to those who may operate.
  const operates = camera.sources.some(({ url }) => url !== '');
  const choose = async (source: string): Promise<void> => {
    setFailure('');
    try {
      await callApi('POST', `/api/v1/cameras/${encodeURIComponent(camera.id)}/source`, { source });
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section>
      <h2>Sources</h2>
      <ul class="sources">
        {camera.sources.map((source) => (
          <li key={source.id}>
            <code>{source.id}</code> {source.id === camera.activeSource && <b>on air</b>} {source.state}{' '}
            {operates && camera.sources.length > 1 && source.state === 'flowing' && (
              <button type="button" disabled={source.id === camera.chosenSource} onClick={() => choose(source.id)}>
                {source.id === camera.chosenSource ? 'Chosen' : 'Choose'}
              </button>
            )}
            <span>{sentence(source.text)}</span> <span>{source.url}</span>
          </li>
        ))}
      </ul>
      {camera.chosenSource && operates && (
        <button type="button" onClick={() => choose('auto')}>
          By its rules again
        </button>
      )}
      {failure && <p class="why">{failure}</p>}
    </section>
  );
}

interface Session {
  id: string;
  subject: string;
  protocol: string;
  quality: string;
  relay: string;
  state: string;
  since: number;
}

/** Who watches this camera; shown to those who may know. */
function Sessions({ camera, viewerFacts, now }: { camera: Camera; viewerFacts: number; now: number }) {
  const [sessions, setSessions] = useState<Session[]>();
  useEffect(() => {
    listApi(`/api/v1/sessions?camera=${encodeURIComponent(camera.id)}`).then(
      (items) => setSessions(items as unknown as Session[]),
      () => setSessions(undefined),
    );
  }, [camera.id, camera.viewers, viewerFacts]);
  if (!sessions || sessions.length === 0) return null;
  return (
    <section>
      <h2>Watching now</h2>
      <ul class="sessions">
        {sessions.map((session) => (
          <li key={session.id}>
            <b>{session.subject}</b> {howSeen(session)}
            <span> {duration(now - session.since)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const howSeen = ({ state, protocol, quality, relay }: Session): string =>
  protocol === 'past' ? 'looks at the past' : `${state} over ${protocol}, ${quality}, ${relay}`;
