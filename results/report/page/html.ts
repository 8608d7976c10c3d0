/**
 * HTML from texts of any origin. Values in a template are escaped unless they are `Html` from another
 * template, so ids, captions and messages cannot become markup.
 */

/** Complete, safe markup. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | undefined | readonly (string | Html)[];

/** A template: markup`<b>${name}</b>`. Lists are joined; undefined is omitted. */
export function markup(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const made = texts.map((text, place) =>
    text + (place < parts.length ? partText(parts[place]) : "")
  );
  return new Html(made.join(""));
}

/** Marks text of our own as safe: a chart, the style, the script. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** JSON for a `script` element; no text in it can end the element. */
export function jsonText(value: unknown): Html {
  return new Html(
    JSON.stringify(value).replace(
      /[<>&\u2028\u2029]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  );
}

/** Style and script of pages, which lie next to this file. */
export function partOfPage(name: "colours.css" | "style.css" | "script.js"): string {
  return Deno.readTextFileSync(new URL(name, import.meta.url));
}

function escapeHtml(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, "\ufffd")
    .replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function partText(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(partText).join("\n");
  return escapeHtml(String(part));
}
