import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends what is left when the launcher itself is killed. Servers like nats-server don't watch their standard input, so
 * a shell in a session of its own holds the list of children; when its lifeline (standard input) closes, it ends them.
 */
export interface Undertaker {
  add(pid: number): void;
  remove(pid: number): void;
  /** Called when every child is gone: it ends without touching anybody. */
  dismiss(): Promise<void>;
}

/** TERM to everybody, two seconds of patience, then KILL. */
const SCRIPT = `
trap '' INT TERM HUP
alive=' '
while read -r line; do
  case $line in
    +*) alive="$alive\${line#?} " ;;
    -*) gone=\${line#?}
      case $alive in *" $gone "*) alive="\${alive%%" $gone "*} \${alive#*" $gone "}" ;; esac ;;
  esac
done
for pid in $alive; do kill -TERM "$pid" 2>/dev/null; done
round=0
while [ $round -lt 20 ]; do
  left=
  for pid in $alive; do kill -0 "$pid" 2>/dev/null && left=1; done
  [ -z "$left" ] && exit 0
  sleep 0.1
  round=$((round + 1))
done
for pid in $alive; do kill -KILL "$pid" 2>/dev/null; done
`;

/** Starts the undertaker. Should it be killed, another one takes over. */
export function startUndertaker(): Undertaker {
  const pids = new Set<number>();
  let shell: ChildProcess;
  let dismissed = false;
  const hire = () => {
    shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    shell.stdin?.on('error', () => {});
    shell.on('error', () => {});
    shell.once('exit', () => {
      if (!dismissed) setTimeout(hire, 100);
    });
    for (const pid of pids) shell.stdin?.write(`+${pid}\n`);
  };
  hire();
  return {
    add(pid) {
      pids.add(pid);
      shell.stdin?.write(`+${pid}\n`);
    },
    remove(pid) {
      pids.delete(pid);
      shell.stdin?.write(`-${pid}\n`);
    },
    async dismiss() {
      dismissed = true;
      if (shell.exitCode !== null || shell.signalCode !== null) return;
      const gone = new Promise((resolve) => shell.once('exit', resolve));
      shell.stdin?.end();
      await gone;
    },
  };
}
