import { compiler, type MarkdownToJSX } from "markdown-to-jsx/react";
import type { AnchorHTMLAttributes, ImgHTMLAttributes } from "react";

const OPTIONS: MarkdownToJSX.Options = {
  // Tags that somebody has written are shown as the text they are.
  disableParsingRawHTML: true,
  forceBlock: true,
  overrides: { a: { component: Anchor }, img: { component: Picture } },
};

/** Text in Markdown. What is HTML in it is not taken for HTML. */
export default function Markdown({ text }: { text: string }) {
  return <div className="markdown">{compiler(text, OPTIONS)}</div>;
}

/** Links to elsewhere open beside the studio; everything but the web is only named. */
function Anchor({ href = "", children }: AnchorHTMLAttributes<HTMLAnchorElement>) {
  if (!/^https?:\/\//.test(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

/** Pictures that are in the text itself; others would have to be asked for elsewhere, and are named. */
function Picture({ src = "", alt = "" }: ImgHTMLAttributes<HTMLImageElement>) {
  return src.startsWith("data:image/") ? <img src={src} alt={alt} /> : <span className="faint">[{alt || src}]</span>;
}
