/** What the small pages of `search` and `wrong` share. They need no network and no script. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { type Html, markup, trusted } from "./html.ts";

/** Colours follow the reader's light or dark mode. */
export const pageStyle = `
:root { color-scheme: light dark; --line: light-dark(#d8d8d8, #444); --soft: light-dark(#595959, #b0b0b0); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; color: var(--soft); }
ol { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); list-style: none; padding: 0; }
li { border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; }
li img, .none { display: block; width: 100%; height: 11rem; object-fit: cover; }
.none { display: grid; place-items: center; color: var(--soft); background: var(--line); }
li div { padding: .5rem .75rem; overflow-wrap: anywhere; font-size: .9rem; }
b { font-variant-numeric: tabular-nums; }
`;

/** @param style CSS of our own */
export function pageText(
  { title, style, body }: { readonly title: string; readonly style: string; readonly body: Html },
): string {
  return markup`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${trusted(style)}</style>
<main>
${body}
</main>
</html>
`.text;
}

/** @param url data URL of a thumbnail, if there is one */
export function pictureHtml(url: string | undefined, name: string): Html {
  return url === undefined
    ? markup`<div class="none">no picture</div>`
    : markup`<img src="${url}" alt="${name}">`;
}

/** Writes a page and creates the folders above it. */
export function writePage(path: string, page: string): void {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true });
    Deno.writeTextFileSync(path, page);
  } catch (cause) {
    throw new Complaint(
      `cannot write the page: ${(cause as Error).message}`,
      "choose another place with --page FILE",
      { place: { file: path }, cause },
    );
  }
}
