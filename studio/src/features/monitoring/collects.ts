/** Whether a deployment keeps what it is asked or answers. */
export function collects(collector: unknown): boolean {
  const found = (collector as { collections?: Record<string, { dataCollectionMode?: string }> } | null)?.collections;
  return Object.values(found ?? {}).some(({ dataCollectionMode }) => dataCollectionMode === "Enabled");
}
