import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { broadcastSaid } from '../../bus/events/broadcast.ts';
import { cameraSaid } from '../../bus/events/camera.ts';
import { recordingSaid } from '../../bus/events/recording.ts';
import { relaySaid } from '../../bus/events/relay.ts';
import { measureProcess } from '../../infra/http/metrics.ts';
import { type FakeGateway, fakeGateway } from '../fakes/http.ts';

const folder = path.resolve(import.meta.dirname, '../../infra/grafana');
const board = JSON.parse(readFileSync(path.join(folder, 'signalbox.json'), 'utf8'));
const { groups } = parse(readFileSync(path.join(folder, 'alerts.yaml'), 'utf8'));

interface Panel {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string }[];
}
interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; what_to_do: string };
}
const panels: Panel[] = board.panels;
const rules: Rule[] = groups.flatMap((group: { rules: Rule[] }) => group.rules);
const queries = [
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
];

/** The metrics that a query names, with the labels that it selects by. */
const named = (expr: string) =>
  [...expr.matchAll(/\b((?:signalbox|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', selector = '']) => ({
    metric,
    labels: [...selector.matchAll(/(\w+)\s*=/g)].map(([, label = '']) => label),
  }));

describe('infra/grafana', () => {
  let gateway: FakeGateway;
  let served: Map<string, { type: string; labels: readonly string[] }>;

  before(async () => {
    gateway = await fakeGateway();
    await gateway.camera('cam_001', 'hcm/gate');
    const { registry } = gateway.services.metrics;
    measureProcess(gateway.services.metrics);
    const { body } = await gateway.server.inject({ url: '/metrics', headers: gateway.bearer({ role: 'operator' }) });
    const types = [...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
    served = new Map(
      types.map(([, name = '', type = '']) => {
        const { labelNames = [] } = (registry.getSingleMetric(name) ?? {}) as { labelNames?: string[] };
        return [name, { type, labels: labelNames }];
      }),
    );
  });
  after(() => gateway.close());

  const find = (metric: string) => served.get(metric) ?? served.get(metric.replace(/_(bucket|sum|count)$/, ''));

  it('asks only for what /metrics serves, and by labels that it has', () => {
    expect(queries.length).to.be.greaterThan(30);
    for (const { where, expr } of queries) {
      for (const { metric, labels } of named(expr)) {
        const known = find(metric);
        expect(known, `${where}: ${metric}`).to.not.equal(undefined);
        expect([...(known?.labels ?? []), 'le', 'instance', 'job'], `${where}: ${metric}`).to.include.members(labels);
      }
      const kept = [...expr.matchAll(/\b(?:by|without) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
      const available = named(expr).flatMap(({ metric }) => find(metric)?.labels ?? []);
      expect([...available, 'le', 'instance'], `${where}: by (${kept})`).to.include.members(kept);
    }
  });

  it('shows or watches every metric of ours', () => {
    const used = new Set(
      queries.flatMap(({ expr }) => named(expr).map(({ metric }) => metric.replace(/_bucket$/, ''))),
    );
    const ours = [...served.keys()].filter((name) => name.startsWith('signalbox_'));
    expect(ours.filter((name) => !used.has(name))).to.deep.equal([]);
  });

  it('serves every metric that the interface promises', () => {
    for (const name of [
      ...[
        'signalbox_cameras',
        'signalbox_sessions',
        'signalbox_first_frame_seconds',
        'signalbox_glass_to_glass_seconds',
      ],
      ...['signalbox_failover_seconds', 'signalbox_moves_total', 'signalbox_admissions_total', 'signalbox_relay_load'],
      ...['signalbox_journal_appends_total', 'signalbox_journal_queue', 'signalbox_event_loop_delay_seconds'],
    ]) {
      expect([...served.keys()]).to.include(name);
    }
  });

  it('knows the states by the names that cells give them', () => {
    const said = new Set(
      [...cameraSaid, ...relaySaid, ...broadcastSaid, ...recordingSaid].map((type) => type.split('.')[1]),
    );
    const states = queries.flatMap(({ expr }) =>
      [...expr.matchAll(/signalbox_(?!troubles)\w+\{[^}]*state=~?"([^"]*)"/g)].flatMap(([, list = '']) =>
        list.split('|'),
      ),
    );
    expect(states).to.include('offline');
    expect(states.filter((state) => !said.has(state))).to.deep.equal([]);
  });

  it('tells with each alert what to do, and lays the board out without overlaps', () => {
    for (const { alert, annotations } of rules) {
      expect(annotations.what_to_do, alert).to.be.a('string').and.not.equal('');
    }
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x} ${y}`), title).to.equal(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('raises each alert for its own trouble, by Prometheus’s own test of rules', function () {
    this.timeout(20_000);
    const { status, stdout, stderr, error } = spawnSync('promtool', ['test', 'rules', 'alerts.test.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (error) {
      console.log('      left out: there is no promtool on the PATH');
      return this.skip();
    }
    expect(status, stdout + stderr).to.equal(0);
  });
});
