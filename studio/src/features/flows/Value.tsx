import { addressOf } from "./values";

/** A value of a flow: text as text, images as images, the rest as JSON. Nothing in it is taken for markup. */
export function Value({ of, label }: { of: unknown; label: string }) {
  const image = addressOf(of);
  if (image) return <img className="value-image" src={image} alt={label} />;
  if (Array.isArray(of) && of.some((each) => addressOf(each))) {
    return of.map((each, index) => <Value key={index} of={each} label={label} />);
  }
  if (of === undefined || of === null) return <span className="faint">–</span>;
  const text = typeof of === "string" ? of : JSON.stringify(of, null, 2);
  return (
    <pre className="value" tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  );
}
