const letters = (count: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => (byte % 36).toString(36)).join("");

/** A name that no job has yet, which says what it is. */
export const newJobName = (stem: string): string => `${stem}_${letters(10)}`;

/** A name that says which job it was cloned from. */
export const cloneName = (from: string): string => `${from.replace(/_c[0-9a-z]{6}$/, "").slice(0, 200)}_c${letters(6)}`;
