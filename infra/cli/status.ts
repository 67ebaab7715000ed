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
import { type Surrounding, surroundingOf } from './processes.ts';
import { type CommonOptions, type Reach, reach, runningGroup, stateFolder } from './reach.ts';
import { requestAll, send } from './request.ts';
import { table } from './table.ts';
import { CommandFailed, type Paint, patiently, printable, type Terminal } from './terminal.ts';

const GOOD = new Set(['live', 'serving']);
const CALM = new Set(['idle', 'connecting', 'starting', 'switching', 'draining', 'drained', 'degraded']);
const paintOf = (state: string): Paint => (GOOD.has(state) ? 'good' : CALM.has(state) ? 'warn' : 'bad');

/** What status tells of one group. */
interface Status {
  url: string;
  ready: ReadyAnswer & { ok: boolean };
  cameras: CameraAnswer[];
  relays: RelayAnswer[];
  sessions: { state: string }[];
}

/**
 * `signalbox status`: the gateway's health, the cameras, the relays, who watches, and, on the machine of the group,
 * its processes, its disk and its configuration file. Exit code 1 when it can't serve.
 */
export function statusCommand(command: Command, out: Terminal): void {
  command
    .description('show cameras, relays, processes and health; exit code 1 when the gateway can not serve')
    .action(async (options: CommonOptions) => {
      const group = options.url === undefined ? runningGroup(stateFolder(options, out.env)) : undefined;
      const around = group && (await surroundingOf(group, out.env));
      let status: Status;
      try {
        status = await gather(out, reach(options, out));
      } catch (error) {
        // The gateway may be on its way back: its launcher knows.
        if (around && error instanceof CommandFailed && !options.json) printSurrounding(out, around);
        throw error;
      }
      if (options.json) out.printJson({ ...status, ...(around ? { machine: around } : {}) });
      else {
        printHealth(out, status);
        if (around) printSurrounding(out, around);
        printCameras(out, status.cameras);
        printRelays(out, status.relays);
        printSessions(out, status.sessions);
      }
      if (!status.ready.ok) throw new CommandFailed('the gateway is not ready to serve');
    });
}

async function gather(out: Terminal, to: Reach): Promise<Status> {
  const [ready, cameras, relays, sessions] = await Promise.all([
    readiness(out, to),
    requestAll(out, to, '/api/v1/cameras').then(camerasAnswer.parse),
    requestAll(out, to, '/api/v1/relays').then(relaysAnswer.parse),
    requestAll(out, to, '/api/v1/sessions').then(sessionsAnswer.parse),
  ]);
  return { url: to.url, ready, cameras: cameras.items, relays: relays.items, sessions: sessions.items };
}

/** Readiness answers 503 with its reasons: that is an answer, not a failure to ask. */
async function readiness(out: Terminal, to: Reach): Promise<ReadyAnswer & { ok: boolean }> {
  const response = await patiently(out, `waiting for ${to.url}`, send(to, 'GET', '/readyz'));
  const body: unknown = await response.json().catch(() => ({}));
  return { ...(readyAnswer.check(body) ? body : {}), ok: response.ok };
}

function printHealth(out: Terminal, { url, ready }: Status): void {
  const word = ready.status ?? (ready.ok ? 'ready' : 'not ready');
  const paint: Paint = !ready.ok ? 'bad' : ready.reasons?.length ? 'warn' : 'good';
  out.print(`${out.paint('Signalbox', 'strong')} at ${url}: ${out.paint(printable(word), paint)}`);
  for (const { part, state, text } of ready.reasons ?? []) {
    out.print(`  ${printable(part)} ${printable(state)}: ${printable(text)}`);
  }
}

/** Less than this much disk is told as trouble: the journal stops when it is full. */
const LITTLE_DISK_BYTES = 1e9;

function printSurrounding(out: Terminal, { processes, configFaults, disk }: Surrounding): void {
  if (!processes) out.print(`  ${out.paint('launcher', 'bad')}: it does not answer; nothing that dies is restarted`);
  else {
    const troubled = processes.filter(({ state, restarts }) => state !== 'running' || restarts > 0);
    const running = processes.filter(({ state }) => state === 'running').length;
    out.print(`  processes: ${running} of ${processes.length} running`);
    for (const { name, state, restarts, last_exit: end } of troubled) {
      const paint: Paint = state === 'running' ? 'warn' : 'bad';
      const how = end ? `, the last time ${sinceText(end.at)} ago: it ${printable(end.text)}` : '';
      out.print(`    ${printable(name)}: ${out.paint(state, paint)}, started again ${restarts}×${how}`);
    }
  }
  if (disk) {
    const free = `${(disk.free_bytes / 1e9).toFixed(1)} GB of ${(disk.total_bytes / 1e9).toFixed(1)} GB free`;
    out.print(`  disk: ${disk.free_bytes < LITTLE_DISK_BYTES ? out.paint(`only ${free}`, 'bad') : free}`);
  }
  if (configFaults.length > 0) {
    out.print(`  ${out.paint('configuration', 'bad')}: the file has faults, so the one before is still in effect`);
    for (const fault of configFaults) out.print(`    ${printable(fault)}`);
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
          cell: (relay) =>
            relay.role === 'intake'
              ? ''
              : `${relay.sessions ?? 0}${relay.max_readers ? ` of ${relay.max_readers}` : ''}`,
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
