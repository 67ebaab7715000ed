import { simulate } from './world.ts';

/** `npm run sim -- SEED STEPS`: repeats one seed of the simulated house, and tells the law that it breaks. */
const [seed, steps] = process.argv.slice(2).map(Number);
if (!Number.isInteger(seed) || !Number.isInteger(steps)) {
  process.stderr.write('npm run sim -- SEED STEPS, both whole numbers\n');
  process.exit(2);
}
const { fault, ...run } = await simulate(seed as number, steps as number);
process.stdout.write(`${run.steps} steps, ${run.crashes} crashes\n`);
if (fault) process.stderr.write(`${fault}\n`);
process.exit(fault ? 1 : 0);
