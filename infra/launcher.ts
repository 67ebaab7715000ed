import { launch } from './launcher/command.ts';
import { ownScripts } from './launcher/node-programs.ts';
import { relaySettings } from './launcher/relay-settings.ts';

// The parent of everything: starts, watches and stops the group, and does nothing else.
await launch(process.argv.slice(2), process.env, { ...ownScripts, relaySettings });
