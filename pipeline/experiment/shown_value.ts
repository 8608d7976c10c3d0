/** Formats values for error messages, clipped because a file may contain anything. */
const most = 60;

/** A value as JSON. */
export function shown(value: unknown): string {
  const text = typeof value === "string"
    ? JSON.stringify(value.slice(0, most + 1)) // does not encode all of a huge text
    : JSON.stringify(value) ?? String(value);
  return text.length > most + 2 ? `${text.slice(0, most)}…` : text;
}

/** A name from the file, which may be a megabyte long. */
export function clipped(name: string): string {
  return name.length > most ? `${name.slice(0, most)}…` : name;
}

/** A list of names, of which there may be thousands. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const first = all.slice(0, 20).map((name) => `\`${clipped(name)}\``);
  if (all.length > first.length) first.push(`and ${all.length - first.length} more`);
  return first.join(", ");
}
