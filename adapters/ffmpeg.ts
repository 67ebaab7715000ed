import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { NICENESS, setNiceness } from './niceness.ts';

/** One run of FFmpeg between two pipes: bytes in on standard input, bytes out on standard output. */
export interface FfmpegTask {
  /** Path of the program. */
  program: string;
  inputFormat: string;
  /** Each option with its value as one text. They are visible to every user of the machine: no secrets. */
  inputOptions: string[];
  outputFormat: string;
  outputOptions: string[];
  /** A second output, to files and sockets. */
  also?: { format: string; options: string[]; target: string };
  /** The folder that names of files in `also` are relative to. */
  folder?: string;
  onOutput(chunk: Buffer): void;
  /** A line of what it says. */
  onLine(line: string): void;
  /** It is over, once; not called after `kill`. */
  onEnd(detail: string): void;
}

/** A running FFmpeg. It ends by itself when this process does, since its input ends and nobody takes its output. */
export interface FfmpegRun {
  write(bytes: Buffer): void;
  /** No more comes in: it ends when it has worked off what it has. */
  end(): void;
  /** Bytes that it has not taken yet. */
  backlogBytes(): number;
  /** Memory that it holds; undefined where the system does not tell. */
  memoryBytes(): number | undefined;
  /** Processor time that it has used, in ms; 0 where the system does not tell. */
  cpuMs(): number;
  /** Whether others on this machine go first when the processor is too small for all. */
  yieldToOthers(yields: boolean): void;
  kill(): void;
}

const LINES_KEPT = 4;

/** What FFmpeg says, without the tokens in addresses. */
const redacted = (line: string): string => line.replace(/token=[^'"\s&]+/g, 'token=…');

/** The last things that a run of FFmpeg said, for telling why it ended. */
export interface LastWords {
  add(line: string): void;
  /** All of them as one; or else what is known of the end. */
  said(detail: string): string;
}

/** Keeps the last words of one run. */
export function lastWords(): LastWords {
  const lines: string[] = [];
  return {
    add(line) {
      lines.push(redacted(line));
      if (lines.length > LINES_KEPT) lines.shift();
    },
    said: (detail) => lines.join(' | ').slice(-400) || redacted(detail),
  };
}

const PAGE_BYTES = 4096;

/** Linux tells of each process how many pages it holds. */
function residentBytes(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : undefined;
  } catch {
    return undefined; // it has just ended, or this is no Linux
  }
}

/** Linux counts in hundredths of a second; the name of a program in brackets may hold spaces. */
function cpuMsOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10 || 0;
  } catch {
    return 0; // it has just ended, or this is no Linux
  }
}

/** What the wrapper kept of what the program said. */
interface Said {
  get(): string;
}
type Ended = (error: Error | null, output?: Said, errors?: Said) => void;

/**
 * Has the archived wrapper tell that the program could not be started, as where it was killed before it was there and
 * its folder is gone since, or no process is left: it looks for what the program said, throws where it said nothing, and
 * so ended this whole process.
 */
function tellFailedStarts(command: ffmpeg.FfmpegCommand): void {
  const wrapper = command as unknown as { _spawnFfmpeg(...call: unknown[]): void };
  const start = wrapper._spawnFfmpeg;
  const nothing: Said = { get: () => '' };
  wrapper._spawnFfmpeg = (...call) => {
    const ended = call.pop() as Ended;
    const told: Ended = (error, output = nothing, errors = nothing) => ended(error, output, errors);
    start.call(command, ...call, told);
  };
}

/** Starts FFmpeg. What goes wrong is told by `onEnd`. */
export function runFfmpeg(task: FfmpegTask): FfmpegRun {
  const input = new PassThrough();
  let over = false;
  let niceness: number = NICENESS.encoders;
  const end = (detail: string) => {
    if (over) return;
    over = true;
    input.destroy();
    task.onEnd(detail);
  };
  // The archived wrapper looks for the program in the environment unless told; it is told.
  const command = ffmpeg(input, {
    stdoutLines: 1,
    niceness,
    ...(task.folder === undefined ? {} : { cwd: task.folder }),
  })
    .setFfmpegPath(task.program)
    .inputFormat(task.inputFormat)
    .inputOptions(task.inputOptions);
  tellFailedStarts(command);
  if (task.also) {
    command.output(task.also.target).outputOptions(task.also.options).outputFormat(task.also.format);
  }
  const output = new PassThrough();
  output.on('data', task.onOutput);
  command
    .output(output, { end: true })
    .outputOptions(['-hide_banner', '-nostats', ...task.outputOptions])
    .outputFormat(task.outputFormat)
    // Killed before it was there: the wrapper first asks the program for its formats.
    .on('start', () => over && command.kill('SIGKILL'))
    .on('stderr', (line: string) => task.onLine(line))
    .on('error', (error: Error) => end(error.message.split('\n')[0]?.slice(0, 200) ?? 'failed'))
    .on('end', () => end('its input ended'));
  input.on('error', () => {}); // the command's own 'error' tells the same
  command.run();
  const pid = () => (command as { ffmpegProc?: { pid?: number } }).ffmpegProc?.pid;
  return {
    write(bytes) {
      if (!over) input.write(bytes);
    },
    end: () => void input.end(),
    backlogBytes: () => input.writableLength,
    memoryBytes: () => residentBytes(pid()),
    cpuMs: () => cpuMsOf(pid()),
    yieldToOthers(yields) {
      const running = pid();
      const wanted = yields ? NICENESS.yieldingEncoders : NICENESS.encoders;
      if (running === undefined || over || niceness === wanted) return;
      niceness = wanted;
      setNiceness(running, wanted);
    },
    kill() {
      over = true;
      command.kill('SIGKILL');
      input.destroy();
    },
  };
}
