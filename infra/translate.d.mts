/**
 * Translates TypeScript programs into one file of JavaScript each, unless that was done since their sources changed.
 * @param scripts their paths, absolute or from the root of the repository
 * @returns the files to run, in the same order
 * @throws Error when they have a fault, or nothing can be written
 */
export function translate(scripts: readonly string[]): Promise<string[]>;
