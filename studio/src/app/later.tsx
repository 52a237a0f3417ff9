/** Parts of the studio that come when they are wanted, or before that while nothing else is to be done. */
import { createElement, lazy, useState, type ComponentType, type ReactNode } from "react";

export interface Later<Props> {
  (props: Props): ReactNode;
  load: () => Promise<unknown>;
}

/** A component that is loaded when it is first shown, or by `load` before that. */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>): Later<Props> {
  let found: ComponentType<Props> | undefined;
  const loaded = () => load().then((module) => ((found = module.default), module));
  const Waited: ComponentType<Props> = lazy(loaded);
  // What is lazy shows its fallback even when it is there already, and React then holds that for 300 ms.
  const Shown = (props: Props) => {
    const [content] = useState<ComponentType<Props>>(() => found ?? Waited);
    return createElement(content, props);
  };
  return Object.assign(Shown, { load: loaded });
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
