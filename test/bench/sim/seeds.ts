import { simulate } from '../../sim/world.ts';

// A process that runs seeds, one after another, as it is told; each answer tells the CPU time that it has taken by then.
process.on('message', async ({ seed, steps }: { seed: number; steps: number }) => {
  const run = await simulate(seed, steps);
  const { user, system } = process.cpuUsage();
  process.send?.({ run, cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
