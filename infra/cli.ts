import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { alarmAcknowledgeCommand, alarmListCommand } from './cli/alarm.ts';
import { backupCommand, restoreCommand } from './cli/backup.ts';
import { broadcastListCommand, broadcastStartCommand, broadcastStopCommand } from './cli/broadcast.ts';
import { cameraAddCommand, cameraChangeCommand, cameraListCommand, cameraRemoveCommand } from './cli/camera.ts';
import { cameraFindCommand } from './cli/camera-find.ts';
import { cameraSourceCommand } from './cli/camera-source.ts';
import { checkIceCommand } from './cli/check-ice.ts';
import { configCheckCommand, configVariablesCommand } from './cli/config.ts';
import { drainCommand } from './cli/drain.ts';
import { drillCommand } from './cli/drill.ts';
import { edgeCommand } from './cli/edge.ts';
import { exportCommand } from './cli/export.ts';
import {
  incidentCloseCommand,
  incidentDeclareCommand,
  incidentListCommand,
  incidentRenewCommand,
} from './cli/incident.ts';
import { ledgerListCommand, ledgerVerifyCommand } from './cli/ledger.ts';
import { logCommand } from './cli/log.ts';
import { loginCommand } from './cli/login.ts';
import { natsAccountsCommand } from './cli/nats-accounts.ts';
import { recordingGetCommand } from './cli/recording-get.ts';
import { recordingListCommand } from './cli/recording-list.ts';
import { recordingProtectCommand, recordingUnprotectCommand } from './cli/recording-protect.ts';
import { replayCommand } from './cli/replay.ts';
import { rightsCommand } from './cli/rights.ts';
import { serviceAddCommand, serviceListCommand, serviceRevokeCommand } from './cli/service.ts';
import { statusCommand } from './cli/status.ts';
import { supportCommand } from './cli/support.ts';
import { CommandFailed, type Surroundings, type Terminal, terminal } from './cli/terminal.ts';
import { tokenCommand } from './cli/token.ts';
import {
  userAddCommand,
  userHistoryCommand,
  userListCommand,
  userPasswordCommand,
  userRemoveCommand,
} from './cli/user.ts';
import { verifyCommand } from './cli/verify.ts';
import { watchCommand } from './cli/watch.ts';
import { whatIfCommand } from './cli/whatif.ts';

/** A command that talks to a gateway. */
function remote(command: Command): Command {
  return local(command)
    .option('--url <URL>', 'the address of the gateway; default: the group that runs on the data folder')
    .option('--token-file <FILE>', 'a login token to use, instead of one made with the keys of the data folder');
}

/** A command that works on this machine's files alone. */
function local(command: Command): Command {
  return command
    .option('--json', 'answer as JSON')
    .option('--state <DIR>', 'the data folder whose keys and address are used (default: .signalbox)');
}

/** The command line as a tree of commands. */
function program(out: Terminal): Command {
  const root = new Command('signalbox')
    .description('Signalbox, a streaming gateway for control rooms')
    .version(manifest.version)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)');
  statusCommand(remote(root.command('status')), out);
  watchCommand(remote(root.command('watch')), out);
  checkIceCommand(remote(root.command('check-ice')), out);
  logCommand(remote(root.command('log')), out);
  replayCommand(remote(root.command('replay')), out);
  exportCommand(remote(root.command('export')), out);
  verifyCommand(local(root.command('verify')), out);
  whatIfCommand(remote(root.command('whatif')), out);
  backupCommand(local(root.command('backup')), out);
  restoreCommand(local(root.command('restore')), out);
  supportCommand(remote(root.command('support')), out);
  edgeCommand(local(root.command('edge')), out);
  drainCommand(remote(root.command('drain')), out);
  const camera = root
    .command('camera')
    .description('find, add, change, remove and list cameras, and choose their sources');
  cameraAddCommand(remote(camera.command('add')), out);
  cameraChangeCommand(remote(camera.command('change')), out);
  cameraRemoveCommand(remote(camera.command('remove')), out);
  cameraListCommand(remote(camera.command('list')), out);
  cameraFindCommand(remote(camera.command('find')), out);
  cameraSourceCommand(remote(camera.command('source')), out);
  const recording = root.command('recording').description('what was recorded, and stretches of it as files');
  recordingListCommand(remote(recording.command('list')), out);
  recordingGetCommand(remote(recording.command('get')), out);
  recordingProtectCommand(remote(recording.command('protect')), out);
  recordingUnprotectCommand(remote(recording.command('unprotect')), out);
  drillCommand(remote(root.command('drill')), out);
  const incident = root.command('incident').description('declare emergencies');
  incidentDeclareCommand(remote(incident.command('declare')), out);
  incidentRenewCommand(remote(incident.command('renew')), out);
  incidentCloseCommand(remote(incident.command('close')), out);
  incidentListCommand(remote(incident.command('list')), out);
  const alarm = root.command('alarm').description('what wants a look, and who takes care of it');
  alarmListCommand(remote(alarm.command('list')), out);
  alarmAcknowledgeCommand(remote(alarm.command('ack')), out);
  const broadcast = root.command('broadcast').description('push cameras to broadcast destinations');
  broadcastStartCommand(remote(broadcast.command('start')), out);
  broadcastStopCommand(remote(broadcast.command('stop')), out);
  broadcastListCommand(remote(broadcast.command('list')), out);
  const ledger = root.command('ledger').description('who watched which camera, provably');
  ledgerListCommand(remote(ledger.command('list')), out);
  ledgerVerifyCommand(remote(ledger.command('verify')), out);
  const nats = root.command('nats').description('programs that hear facts over NATS');
  natsAccountsCommand(local(nats.command('accounts')), out);
  const user = root.command('user').description('who signs in with a name and a password');
  userAddCommand(local(user.command('add')), out);
  userPasswordCommand(local(user.command('password')), out);
  userHistoryCommand(local(user.command('history')), out);
  userRemoveCommand(local(user.command('remove')), out);
  userListCommand(local(user.command('list')), out);
  const service = root.command('service').description('tokens for programs');
  serviceAddCommand(remote(service.command('add')), out);
  serviceListCommand(remote(service.command('list')), out);
  serviceRevokeCommand(remote(service.command('revoke')), out);
  rightsCommand(remote(root.command('rights')), out);
  tokenCommand(local(root.command('token')), out);
  loginCommand(local(root.command('login')), out);
  const config = root.command('config').description('check a configuration file');
  configCheckCommand(local(config.command('check')), out);
  configVariablesCommand(local(config.command('variables')), out);
  return root;
}

/** Commander's settings are copied to a command when it is made, so they are set on each of the finished tree. */
function quiet(command: Command, around: Surroundings): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => void around.stdout.write(text),
    writeErr: (text) => void around.stderr.write(text),
  });
  for (const inside of command.commands) quiet(inside, around);
}

/**
 * Runs one command.
 * @param argv the words after `signalbox`
 * @returns the exit code: 0 done, 1 failed, 2 written wrongly
 */
export async function runCommandLine(argv: string[], around: Surroundings): Promise<0 | 1 | 2> {
  const out = terminal(around);
  const root = program(out);
  quiet(root, around);
  try {
    await root.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      const asked = error.exitCode === 0 || error.code === 'commander.helpDisplayed';
      return asked ? 0 : 2;
    }
    if (!(error instanceof CommandFailed)) throw error;
    out.note(`signalbox: ${error.message}`);
    return error.code;
  }
}
