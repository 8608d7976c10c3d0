/** Style and script of pages, kept as what they are. @param name of a file in `page/` */
export function partOfPage(name: "colours.css" | "style.css" | "script.js"): string {
  return Deno.readTextFileSync(new URL(`page/${name}`, import.meta.url));
}
