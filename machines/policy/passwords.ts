/** The shortest that is taken, in characters; there are no rules of composition (NIST SP 800-63B, 3.1.1.2). */
export const SHORTEST_PASSWORD = 10;
export const LONGEST_PASSWORD = 1024;

/**
 * Why a password can't be taken, as a sentence; undefined when it can.
 * @param id the name that its owner signs in with
 * @param former the password that it would replace
 */
export function passwordFault(password: string, id: string, former?: string): string | undefined {
  const length = [...password].length;
  if (length < SHORTEST_PASSWORD) return `A password has at least ${SHORTEST_PASSWORD} characters; a sentence is fine.`;
  if (length > LONGEST_PASSWORD) return `A password has at most ${LONGEST_PASSWORD} characters.`;
  if (password === former) return 'The new password is the old one.';
  if (new Set(password).size < 4) return 'A password needs at least four different characters.';
  if (password.toLowerCase().includes(id.toLowerCase()) && length < id.length + SHORTEST_PASSWORD) {
    return 'A password must be more than the name and a few characters.';
  }
  return undefined;
}
