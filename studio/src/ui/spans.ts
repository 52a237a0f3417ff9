/** Spans of a trace as a tree, put into the order in which a waterfall shows them. */

export interface Span {
  id: string;
  parent: string | null;
  name: string;
  kind: string;
  /** Seconds since the epoch. */
  start: number;
  /** Seconds since the epoch; null while it goes on. */
  end: number | null;
  status: string;
  tokens?: { prompt: number; completion: number; total: number } | null;
  cost?: number | null;
  inputs?: unknown;
  output?: unknown;
}

export interface Row<S extends Span = Span> {
  span: S;
  depth: number;
  hasChildren: boolean;
}

/** Every span under its parent, the earliest first; those whose parent is not there stand at the top. */
export function rowsOf<S extends Span>(spans: readonly S[], closed: ReadonlySet<string> = new Set()): Row<S>[] {
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map<string | null, S[]>();
  for (const span of [...spans].sort((one, other) => one.start - other.start)) {
    const parent = span.parent !== null && known.has(span.parent) && span.parent !== span.id ? span.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const rows: Row<S>[] = [];
  const waiting = (children.get(null) ?? []).map((span) => ({ span, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span, depth } = next;
    const below = children.get(span.id) ?? [];
    rows.push({ span, depth, hasChildren: below.length > 0 });
    if (!closed.has(span.id)) waiting.push(...below.map((child) => ({ span: child, depth: depth + 1 })).reverse());
  }
  return rows;
}

/** When the first began and the last ended; what goes on lasts until what is known of it. */
export function extent(spans: readonly Span[]): { start: number; seconds: number } {
  const start = spans.reduce((least, span) => Math.min(least, span.start), Infinity);
  const end = spans.reduce((most, span) => Math.max(most, span.end ?? span.start), -Infinity);
  return Number.isFinite(start) ? { start, seconds: Math.max(end - start, 0) } : { start: 0, seconds: 0 };
}
