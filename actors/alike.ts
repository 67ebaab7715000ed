/** Whether plain values are surely the same JSON: a field that is undefined is not there. */
export function alike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [mine, theirs] = [one as Record<string, unknown>, other as Record<string, unknown>];
  let surplus = 0;
  for (const name in mine) {
    const value = mine[name];
    // Most of it is texts, numbers and what both share.
    if (value !== theirs[name] && !alike(value, theirs[name])) return false;
    if (value !== undefined) surplus += 1;
  }
  for (const name in theirs) if (theirs[name] !== undefined) surplus -= 1;
  return surplus === 0;
}
