import { useMemo } from "react";

// eslint-disable-next-line no-control-regex
const CODE = /\u001b\[([0-9;]*)([A-Za-z])/g;
const COLORS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

interface Piece {
  text: string;
  name: string;
}

/** Text without the codes by which terminals colour it. */
export const plain = (text: string): string => text.replace(CODE, "");

/** Text with the colours that a terminal would show, as classes of the theme. */
export function Ansi({ text }: { text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text]);
  return (
    <>
      {pieces.map(({ text: part, name }, at) =>
        name ? (
          <span key={at} className={name}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}

function piecesOf(text: string): Piece[] {
  const found: Piece[] = [];
  let color = "";
  let isBold = false;
  let from = 0;
  const add = (to: number) => {
    if (to > from) found.push({ text: text.slice(from, to), name: `${color}${isBold ? " ansi-bold" : ""}`.trim() });
  };
  for (const match of text.matchAll(CODE)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] !== "m") continue;
    const numbers = match[1].split(";").map(Number);
    for (let at = 0; at < numbers.length; at += 1) {
      const code = numbers[at];
      if (code === 38 || code === 48) at += numbers[at + 1] === 5 ? 2 : 4;
      else if (code === 0) [color, isBold] = ["", false];
      else if (code === 1) isBold = true;
      else if (code === 22) isBold = false;
      else if (code === 39) color = "";
      else if (code >= 30 && code <= 37) color = `ansi-${COLORS[code - 30]}`;
      else if (code >= 90 && code <= 97) color = `ansi-${COLORS[code - 90]}`;
    }
  }
  add(text.length);
  return found;
}
