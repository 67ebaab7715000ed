import type { Command } from 'commander';
import { type Finding, verifyPackage } from '../package/verify.ts';
import type { CommonOptions } from './reach.ts';
import { CommandFailed, printable, type Terminal } from './terminal.ts';
import { trustedKeys } from './trusted-keys.ts';

interface VerifyOptions extends CommonOptions {
  keys?: string;
  anySigner?: boolean;
}

/** `signalbox verify`: whether a package of video and log was altered, and whose signature it bears. */
export function verifyCommand(command: Command, out: Terminal): void {
  command
    .description('say whether a package of video and log was altered since it was exported, and by whom it was signed')
    .argument('<file>', 'what `signalbox export --video` wrote')
    .option('--keys <FILE>', 'the public keys to trust, as /.well-known/jwks.json of the installation offers them')
    .option('--any-signer', 'do not fail when the signer is unknown: proves only that nothing was damaged')
    .action(async (file: string, options: VerifyOptions) => {
      const finding = await verifyPackage(file, trustedKeys(options, out.env)).catch((error: NodeJS.ErrnoException) => {
        if (error.code) throw new CommandFailed(`${file} can't be read (${error.code})`);
        throw error;
      });
      const { verdict, signature, faults, manifest } = finding;
      if (options.json) out.printJson({ file, verdict, signature, faults, manifest: manifest ?? null });
      else tell(out, finding);
      if (verdict !== 'unaltered') throw new CommandFailed(`${file} is ${verdict}: ${printable(faults.join('; '))}`);
      if (signature !== 'known' && !options.anySigner) {
        throw new CommandFailed(
          `${file} is unaltered since it was signed, but the signature is unknown: compare its key ${printable(manifest?.key.kid)} with the installation's, or name that one's keys with --keys FILE`,
        );
      }
    });
}

function tell(out: Terminal, { verdict, signature, manifest }: Finding): void {
  if (!manifest) return;
  const { from, to, cameras, made_by: by, made_at: at, key, issuer, parts, gaps } = manifest;
  const time = (ms: number) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms));
  out.print(`says: ${printable(cameras.join(', '))} from ${time(from)} to ${time(to)}`);
  out.print(`      made by ${printable(by)} at ${time(at)}, ${parts.length} parts, ${gaps.length} gaps`);
  if (verdict !== 'unaltered') return;
  const signer = `${printable(issuer)}, key ${printable(key.kid)}`;
  if (signature === 'known') out.print(`unaltered, signed by ${signer}`);
  else out.print(`unaltered, but signature unknown: it says ${signer}`);
}
