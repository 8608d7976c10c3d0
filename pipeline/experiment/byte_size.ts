const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The number of bytes in a text such as `8 GB` or `512MiB`; undefined without a known unit. */
export function readByteSize(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([kKMGT]?i?B)$/i.exec(text.trim()) ?? [];
  const known = Object.keys(units).find((name) => name.toLowerCase() === unit?.toLowerCase());
  if (number === undefined || known === undefined) return undefined;
  return Math.round(Number(number) * units[known]!);
}
