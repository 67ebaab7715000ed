import type { Command } from 'commander';
import { spanText } from '../config/durations.ts';
import {
  type CameraAnswer,
  camerasAnswer,
  momentMs,
  type ReadyAnswer,
  type RelayAnswer,
  readyAnswer,
  relaysAnswer,
  sessionsAnswer,
} from './answers.ts';
import { type CommonOptions, type Reach, reach } from './reach.ts';
import { requestAll, send } from './request.ts';
import { table } from './table.ts';
import { CommandFailed, type Paint, patiently, printable, type Terminal } from './terminal.ts';

const GOOD = new Set(['live', 'serving']);
const CALM = new Set(['idle', 'connecting', 'starting', 'switching', 'draining']);
const paintOf = (state: string): Paint => (GOOD.has(state) ? 'good' : CALM.has(state) ? 'warn' : 'bad');

/** `signalbox status`: the gateway's health, the cameras, the relays and who watches. Exit code 1 when it can't serve. */
export function statusCommand(command: Command, out: Terminal): void {
  command
    .description('show the cameras, the relays and the health of the gateway; exit code 1 when it can not serve')
    .action(async (options: CommonOptions) => {
      const to = reach(options, out);
      const [ready, cameras, relays, sessions] = await Promise.all([
        readiness(out, to),
        requestAll(out, to, '/api/v1/cameras').then(camerasAnswer.parse),
        requestAll(out, to, '/api/v1/relays').then(relaysAnswer.parse),
        requestAll(out, to, '/api/v1/sessions').then(sessionsAnswer.parse),
      ]);
      if (options.json) {
        out.printJson({ url: to.url, ready, cameras: cameras.items, relays: relays.items, sessions: sessions.items });
      } else {
        printHealth(out, to, ready);
        printCameras(out, cameras.items);
        printRelays(out, relays.items);
        printSessions(out, sessions.items);
      }
      if (!ready.ok) throw new CommandFailed('the gateway is not ready to serve');
    });
}

/** Readiness answers 503 with its reasons: that is an answer, not a failure to ask. */
async function readiness(out: Terminal, to: Reach): Promise<ReadyAnswer & { ok: boolean }> {
  const response = await patiently(out, `waiting for ${to.url}`, send(to, 'GET', '/readyz'));
  const body: unknown = await response.json().catch(() => ({}));
  return { ...(readyAnswer.check(body) ? body : {}), ok: response.ok };
}

function printHealth(out: Terminal, to: Reach, ready: ReadyAnswer & { ok: boolean }): void {
  const word = ready.status ?? (ready.ok ? 'ready' : 'not ready');
  const paint: Paint = !ready.ok ? 'bad' : ready.reasons?.length ? 'warn' : 'good';
  out.print(`${out.paint('Signalbox', 'strong')} at ${to.url}: ${out.paint(printable(word), paint)}`);
  for (const { part, state, text } of ready.reasons ?? []) {
    out.print(`  ${printable(part)} ${printable(state)}: ${printable(text)}`);
  }
}

const sinceText = (moment: number | string | undefined): string => {
  const ms = momentMs(moment);
  return ms === undefined ? '' : spanText(Date.now() - ms);
};

function pictureText({ width, height, fps, bitrate_bps: bps, codec }: CameraAnswer): string {
  const parts = [
    width && height ? `${width}×${height}` : '',
    fps ? `${Math.round(fps)} fps` : '',
    bps ? `${(bps / 1e6).toFixed(1)} Mb/s` : '',
    codec ?? '',
  ];
  return parts.filter(Boolean).join(' ');
}

function printCameras(out: Terminal, cameras: CameraAnswer[]): void {
  out.print('');
  if (cameras.length === 0) {
    out.print('no cameras yet; add one with: signalbox camera add cam_001 rtsp://HOST/PATH');
    return;
  }
  out.print(
    table(
      cameras,
      [
        { heading: 'CAMERA', cell: (camera) => camera.id },
        {
          heading: 'STATE',
          cell: (camera) => camera.state,
          dress: (text, camera) => out.paint(text, paintOf(camera.state)),
        },
        { heading: 'FOR', cell: (camera) => sinceText(camera.since), right: true },
        { heading: 'VIEWERS', cell: (camera) => String(camera.viewers ?? 0), right: true },
        { heading: 'PICTURE', cell: pictureText },
        { heading: 'ZONE', cell: (camera) => camera.zone },
        { heading: 'NAME', cell: (camera) => camera.name },
        { heading: 'WHY', cell: (camera) => (camera.state === 'live' ? '' : (camera.why?.text ?? '')) },
      ],
      out.columns,
    ),
  );
}

function printRelays(out: Terminal, relays: RelayAnswer[]): void {
  out.print('');
  out.print(
    table(
      relays,
      [
        { heading: 'RELAY', cell: (relay) => relay.id },
        {
          heading: 'STATE',
          cell: (relay) => relay.state,
          dress: (text, relay) => out.paint(text, paintOf(relay.state)),
        },
        { heading: 'FOR', cell: (relay) => sinceText(relay.since), right: true },
        {
          heading: 'SESSIONS',
          cell: (relay) => (relay.role === 'intake' ? '' : String(relay.sessions ?? 0)),
          right: true,
        },
        { heading: 'ROLE', cell: (relay) => relay.role },
        { heading: 'REGION', cell: (relay) => relay.region ?? '' },
        { heading: 'WHY', cell: (relay) => (relay.state === 'serving' ? '' : (relay.why?.text ?? '')) },
      ],
      out.columns,
    ),
  );
}

function printSessions(out: Terminal, sessions: { state: string }[]): void {
  const counts = new Map<string, number>();
  for (const { state } of sessions) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${count} ${printable(state)}`);
  out.print('');
  out.print(`viewer sessions: ${parts.length > 0 ? parts.join(', ') : 'none'}`);
}
