export function Logo() {
  return <img className="logo" src="/studio/icon.svg" alt="" width={28} height={28} />;
}
