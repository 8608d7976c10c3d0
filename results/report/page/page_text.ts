/** What small pages share: they need no network and no script. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Colours follow the reader's light or dark. */
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

/** @param body HTML */
export function pageText(
  { title, style, body }: { readonly title: string; readonly style: string; readonly body: string },
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
${body}
</main>
</html>
`;
}

/** A text as a text, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (letter) => entities[letter]!);
}

/** @param url data URL of a thumbnail, if there is one */
export function pictureHtml(url: string | undefined, name: string): string {
  return url === undefined
    ? `<div class="none">no picture</div>`
    : `<img src="${escapeHtml(url)}" alt="${escapeHtml(name)}">`;
}

/** Writes a page where the user wants it; folders above it are made. */
export function writePage(path: string, page: string): void {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true });
    Deno.writeTextFileSync(path, page);
  } catch (cause) {
    throw new Complaint(
      `the page cannot be written: ${(cause as Error).message}`,
      "give another place with --page FILE",
      { place: { file: path }, cause },
    );
  }
}
