import { existsSync } from 'node:fs';
import { find } from './find.mjs';
import { attempt, must, progress, SetupStopped } from './tell.mjs';

/**
 * Programs of the operating system. `apt` and `brew` list alternatives, the first that exists is taken; `service` is
 * what Debian would start by itself.
 */
const FFMPEG = { program: 'ffmpeg', apt: ['ffmpeg'], brew: 'ffmpeg' };
const REDIS = { program: 'redis-server', apt: ['redis-server', 'redis'], brew: 'redis', service: 'redis-server' };
const NGINX = { program: 'nginx', apt: ['nginx-light', 'nginx'], brew: 'nginx', service: 'nginx' };
const FOR_TESTS = [
  { program: 'srt-live-transmit', apt: ['srt-tools'], brew: 'srt' },
  { program: 'turnserver', apt: ['coturn'], brew: 'coturn', service: 'coturn' },
  { program: 'chromium', apt: ['chromium', 'chromium-browser'], with: ['fonts-dejavu-core'], brew: 'chromium' },
];
// Tests of NAT make networks of their own, those of several monitors an X server; only Linux has them.
const LINUX_TESTS = [
  { program: 'ip', apt: ['iproute2'] },
  { program: 'nft', apt: ['nftables'] },
  { program: 'Xorg', apt: ['xserver-xorg-core'] },
  { program: 'jwm', apt: ['jwm'] },
  { program: 'xrandr', apt: ['x11-xserver-utils'] },
  { program: 'xwininfo', apt: ['x11-utils'] },
];
const MODULE_FOLDERS = ['/usr/lib/nginx/modules', '/usr/share/nginx/modules', '/usr/lib/xorg/modules/drivers'];
const RTMP_MODULE = { module: 'ngx_rtmp_module.so', apt: ['libnginx-mod-rtmp'] };
const STREAM_MODULE = { module: 'ngx_stream_module.so', apt: ['libnginx-mod-stream'] };
const DUMMY_DRIVER = { module: 'dummy_drv.so', apt: ['xserver-xorg-video-dummy'] };

/** What `start` or `test` needs and this machine lacks. */
function missing(target, { env, platform }) {
  const forTests = platform === 'linux' ? [...FOR_TESTS, ...LINUX_TESTS] : FOR_TESTS;
  const wanted = [FFMPEG, REDIS, NGINX, ...(target === 'test' ? forTests : [])];
  const lacking = wanted.filter(({ program }) => !find(program, env));
  if (platform !== 'linux') return lacking;
  const modules = target === 'test' ? [RTMP_MODULE, STREAM_MODULE, DUMMY_DRIVER] : [RTMP_MODULE];
  const isThere = ({ module }) => MODULE_FOLDERS.some((folder) => existsSync(`${folder}/${module}`));
  return [...lacking, ...modules.filter((one) => !isThere(one))];
}

const stopWith = (command, why) => {
  throw new SetupStopped(`${why}. Run this, then try again:\n\n  ${command}\n`);
};

/** How to act as root: directly, by sudo without a question, or not at all. */
async function asRoot({ env, uid }) {
  if (uid === 0) return [];
  if (find('sudo', env) && (await attempt('sudo', ['-n', 'true'], { env })).ok) return ['sudo', '-n'];
  return undefined;
}

async function installWithApt(lacking, machine) {
  const { env } = machine;
  const first = lacking.flatMap((one) => [one.apt[0], ...(one.with ?? [])]);
  const root = await asRoot(machine);
  if (!root) {
    const install = `sudo apt-get install -y --no-install-recommends ${first.join(' ')}`;
    stopWith(
      `sudo apt-get update && ${install}`,
      `missing programs, and no right to install them: ${first.join(', ')}`,
    );
  }
  const run = (note, ...args) => {
    const [command, ...rest] = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...args];
    return must(command, rest, { env, note });
  };
  const apt = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  await progress('refreshing the list of packages (apt-get update)', (note) => run(note, ...apt, 'update'));
  const packages = [];
  for (const one of lacking) packages.push(await choose(one.apt, env), ...(one.with ?? []));
  await progress(`installing ${packages.join(' ')} (apt-get)`, (note) =>
    run(note, ...apt, 'install', '-y', '--no-install-recommends', ...packages),
  );
  await silence(
    lacking.flatMap(({ service }) => service ?? []),
    root,
    env,
  );
}

async function choose(alternatives, env) {
  for (const name of alternatives) {
    if ((await attempt('apt-cache', ['show', name], { env })).ok) return name;
  }
  throw new SetupStopped(`this system offers no package ${alternatives.join(' or ')}: install that program by hand`);
}

/** Debian starts some servers as soon as they are installed; Signalbox runs its own, so the fresh ones are put to rest. */
async function silence(services, root, env) {
  const [command, ...rest] = [...root, 'env'];
  for (const service of services) {
    const order = existsSync('/run/systemd/system')
      ? ['systemctl', 'disable', '--now', service]
      : ['service', service, 'stop'];
    if (find(order[0], env)) await attempt(command, [...rest, ...order], { env });
  }
}

async function installWithBrew(lacking, { env }) {
  const names = lacking.flatMap(({ brew }) => brew ?? []);
  const command = `brew install ${names.join(' ')}`;
  if (!find('brew', env)) stopWith(command, `missing programs, and no Homebrew: ${names.join(', ')}`);
  await progress(command, (note) => must('brew', ['install', ...names], { env, note }));
}

/** Installs what the operating system has to give for `start` or `test`. */
export async function installSystemPackages(target, machine) {
  const lacking = missing(target, machine);
  if (lacking.length === 0) return;
  const names = lacking.map((one) => one.program ?? one.apt[0]).join(', ');
  if (machine.platform === 'darwin') await installWithBrew(lacking, machine);
  else if (find('apt-get', machine.env)) await installWithApt(lacking, machine);
  else
    throw new SetupStopped(
      `these programs are missing: ${names}. Install them with this system's own packages, then try again`,
    );
  const still = missing(target, machine).map((one) => one.program ?? one.apt[0]);
  if (still.length) {
    throw new SetupStopped(
      `still missing after the installation: ${still.join(', ')}. Put them on the PATH, or name them, for instance SIGNALBOX_CHROMIUM=/path/to/chromium`,
    );
  }
}
