/** Streams of one page, besides the one that all tabs share: open while somebody can see the page. */

/** Hears what an address tells until the returned function is called. A hidden page holds no connection. */
export function hear<News>(address: string, listener: (news: News) => void): () => void {
  let source: EventSource | null = null;
  const turn = () => {
    const isSeen = document.visibilityState === "visible";
    if (isSeen && source === null) {
      source = new EventSource(address);
      // One that was cut off comes again by itself, and begins anew.
      source.onmessage = ({ data }: MessageEvent<string>) => listener(JSON.parse(data) as News);
    }
    if (!isSeen) stop();
  };
  const stop = () => {
    source?.close();
    source = null;
  };
  turn();
  document.addEventListener("visibilitychange", turn);
  return () => {
    document.removeEventListener("visibilitychange", turn);
    stop();
  };
}
