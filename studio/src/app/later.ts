/** Parts of the studio that come when they are wanted, or before that while nothing else is to be done. */
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

export type Later<Props> = LazyExoticComponent<ComponentType<Props>> & { load: () => Promise<unknown> };

export function later<Props>(load: () => Promise<{ default: ComponentType<Props> }>): Later<Props> {
  return Object.assign(lazy(load), { load });
}

/** Do something once the page has nothing to do; the function that is returned calls it off. */
export function whenIdle(action: () => void): () => void {
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(action, 1000);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(action, { timeout: 5000 });
  return () => cancelIdleCallback(handle);
}
