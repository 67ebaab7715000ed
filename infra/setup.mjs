import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { buildPage } from './setup/page.mjs';
import { installServers } from './setup/servers.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { SetupStopped, tell } from './setup/tell.mjs';

// Makes this machine ready: node infra/setup.mjs start|test|check. Plain JavaScript, because nothing is installed yet.
// Each step looks first and costs milliseconds when nothing is missing.

const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new SetupStopped(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE.join('.')} or newer`);
}

async function makeReady(target) {
  const machine = {
    root: path.dirname(path.dirname(fileURLToPath(import.meta.url))),
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.(),
  };
  checkNode();
  await installNpmPackages(machine);
  if (target === 'check') return;
  await installSystemPackages(target, machine);
  await installServers(machine);
  await buildPage(machine);
}

const target = process.argv[2];
try {
  if (!['start', 'test', 'check'].includes(target)) throw new SetupStopped('say what for: start, test or check');
  await makeReady(target);
} catch (error) {
  tell(error instanceof SetupStopped ? error.message : `it failed unexpectedly: ${error.stack}`);
  process.exitCode = 1;
}
