/** Live updates: one stream for all tabs of a browser; each is told which kinds and names to look at again. */

export interface Topic {
  kind: string;
  name: string;
}

type Listener = (topics: Topic[]) => void;

/** Listen to a workspace until the returned function is called. */
export function follow(scope: string, listener: Listener): () => void {
  const channel = new BroadcastChannel(`smalt:${scope}`);
  const ending = new AbortController();
  channel.onmessage = (message: MessageEvent<Topic[]>) => listener(message.data);
  const stream = () =>
    new Promise<void>((resolve) => {
      const source = new EventSource(`${scope}/smalt/events`);
      source.onmessage = (message: MessageEvent<string>) => {
        const topics = JSON.parse(message.data) as Topic[];
        listener(topics);
        channel.postMessage(topics);
      };
      ending.signal.addEventListener("abort", () => {
        source.close();
        resolve();
      });
    });
  // Whoever holds the lock streams for the others; when that tab is closed, the next one takes over.
  if ("locks" in navigator) {
    navigator.locks.request(`smalt:${scope}`, { signal: ending.signal }, stream).catch(() => undefined);
  } else {
    void stream();
  }
  return () => {
    ending.abort();
    channel.close();
  };
}
