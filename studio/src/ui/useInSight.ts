import { useLayoutEffect, useRef, useState, type RefObject } from "react";

const MARGIN = 400;

/** Whether an element has come near the window: what is far below is not asked for. */
export function useInSight<E extends Element>(): [RefObject<E | null>, boolean] {
  const place = useRef<E>(null);
  const [isSeen, setSeen] = useState(false);
  useLayoutEffect(() => {
    if (!place.current || isSeen) return undefined;
    // A watcher tells a frame later; what is in sight at once is asked for at once.
    const { top, bottom } = place.current.getBoundingClientRect();
    if (top < window.innerHeight + MARGIN && bottom > -MARGIN) {
      setSeen(true);
      return undefined;
    }
    const watcher = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && setSeen(true), {
      rootMargin: `${MARGIN}px`,
    });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [isSeen]);
  return [place, isSeen];
}
