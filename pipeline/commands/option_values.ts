/** Values of options that are more than text, read and checked. */
import { readByteSize } from "../experiment/byte_size.ts";
import { Complaint } from "../contract/complaint.ts";

/** Values of which the option `Name` is a text; no others can be asked for it. */
type WithText<Name extends string> = { readonly [Each in Name]: string | undefined };

export function count<Name extends string>(
  values: WithText<NoInfer<Name>>,
  name: Name,
): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given);
  throw new Complaint(`\`--${name}\` is ${JSON.stringify(given)}`, "give a whole number from 1");
}

export function portNumber({ port: given = "8017" }: WithText<"port">): number {
  if (/^\d{1,5}$/.test(given) && Number(given) < 65_536) return Number(given);
  throw new Complaint(`\`--port\` is ${JSON.stringify(given)}`, "give a number from 0 to 65535");
}

const secondsOf: Readonly<Record<string, number>> = {
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Seconds. */
export function duration<Name extends string>(
  values: WithText<NoInfer<Name>>,
  name: Name,
): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const [, number, unit] = /^(\d{1,6})([mhdw])$/.exec(given) ?? [];
  if (number !== undefined) return Number(number) * secondsOf[unit!]!;
  throw new Complaint(
    `\`--${name}\` is ${JSON.stringify(given)}`,
    "give a time such as 12h, 30d or 8w",
  );
}

export function byteSize<Name extends string>(
  values: WithText<NoInfer<Name>>,
  name: Name,
): number | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const bytes = readByteSize(given);
  if (bytes !== undefined) return bytes;
  throw new Complaint(`\`--${name}\` is ${JSON.stringify(given)}`, "give a size such as 8GB");
}
