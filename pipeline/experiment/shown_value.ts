/** A value as an error shows it: as JSON, clipped, since a file may hold anything. */
const most = 60;

export function shown(value: unknown): string {
  const text = typeof value === "string"
    ? JSON.stringify(value.slice(0, most + 1)) // not all of a huge text
    : JSON.stringify(value) ?? String(value);
  return text.length > most + 2 ? `${text.slice(0, most)}…` : text;
}

/** A name of the file, which may be a megabyte long. */
export function clipped(name: string): string {
  return name.length > most ? `${name.slice(0, most)}…` : name;
}

/** Names in an error, of which there may be thousands. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const told = all.slice(0, 20).map((name) => `\`${clipped(name)}\``);
  if (all.length > told.length) told.push(`and ${all.length - told.length} more`);
  return told.join(", ");
}
