/** The answer of a search as one page that needs no network. */

export interface SearchPage {
  readonly query: string;
  readonly experiment: string;
  /** Label of the model that was asked. */
  readonly model: string;
  readonly split: string;
  /** Best first. */
  readonly answers: readonly {
    readonly image: string;
    readonly caption?: string;
    readonly text?: string;
    readonly score: number;
    /** data URL */
    readonly thumbnail?: string;
  }[];
  /** Of the picture that was asked with. */
  readonly thumbnail?: string;
}

const style = `
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
.asked { max-height: 14rem; border-radius: .5rem; }
`;

export function searchPage(
  { query, experiment, model, split, answers, thumbnail }: SearchPage,
): string {
  const items = answers.map(({ image, text, score, thumbnail }, place) => {
    const what = text ?? image;
    const picture = thumbnail === undefined
      ? `<div class="none">no picture</div>`
      : `<img src="${escape(thumbnail)}" alt="${escape(image)}">`;
    const name = text === undefined ? "" : `<br>${escape(image)}`;
    return `<li>${picture}<div><b>${place + 1}.</b> ${escape(what)}${name}<br>` +
      `score <b>${score.toFixed(3)}</b></div></li>`;
  });
  const asked = thumbnail === undefined
    ? ""
    : `<p><img class="asked" src="${escape(thumbnail)}" alt="the picture that was asked with"></p>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(query)} · ${escape(experiment)}</title>
<style>${style}</style>
<main>
<h1>${escape(query)}</h1>
<p>${escape(experiment)}, ${escape(model)}, split ${escape(split)}; best first</p>
${asked}
<ol>
${items.join("\n")}
</ol>
</main>
</html>
`;
}

function escape(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (letter) => entities[letter]!);
}
