// Long hostile keys would make the comparison expensive; nobody mistypes a name by more than this.
const LONGEST = 64;

/** How many insertions, deletions, replacements and swaps of neighbours turn one text into the other. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    const above = rows[row - 1] as number[];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        (above[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (above[column - 1] as number) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, ((rows[row - 2] as number[])[column - 2] as number) + 1);
      current.push(cost);
    }
    rows.push(current);
  }
  return (rows[from.length] as number[])[to.length] as number;
}

/** The name that a person most likely meant, or undefined when none is near. Ignores case and `-` against `_`. */
export function nearest(text: string, names: Iterable<string>): string | undefined {
  if (text.length > LONGEST) return undefined;
  const plain = (name: string) => name.toLowerCase().replaceAll('-', '_');
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(plain(text), plain(name));
    if (!best || distance < best.distance) best = { name, distance };
  }
  // A third of the letters may be wrong; beyond that the hint would mislead.
  const tolerance = Math.max(1, Math.floor(text.length / 3));
  return best && best.distance <= tolerance ? best.name : undefined;
}
