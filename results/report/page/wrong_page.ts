/** Queries that went wrong, with what was answered: a page that needs no network. */
import { escapeHtml, pageStyle, pageText, pictureHtml } from "./page_text.ts";

/** A picture or a caption. */
export interface WrongItem {
  readonly image: string;
  readonly text?: string;
  /** data URL */
  readonly thumbnail?: string;
}

export interface WrongPage {
  readonly experiment: string;
  /** Label of the evaluation. */
  readonly evaluation: string;
  readonly split: string;
  /** Queries in all. */
  readonly asked: number;
  /** Most wrong first. */
  readonly wrong: readonly {
    readonly direction: "i2t" | "t2i";
    readonly query: WrongItem;
    /** Where the best right answer stands, from 1, of how many candidates. */
    readonly rank: number;
    readonly candidates: number;
    readonly right: WrongItem & { readonly score: number };
    readonly answers: readonly (WrongItem & {
      readonly score: number;
      readonly isRight: boolean;
    })[];
  }[];
}

const style = `${pageStyle}
section { border-top: 1px solid var(--line); padding: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
ol { grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
li.right { border: 3px solid light-dark(#0060a8, #7cc4ff); }
.label { color: var(--soft); padding-bottom: 0; }
`;

export function wrongPage({ experiment, evaluation, split, asked, wrong }: WrongPage): string {
  const sections = wrong.map(({ direction, query, rank, candidates, right, answers }) => {
    const what = direction === "i2t" ? "captions for the first picture" : "pictures for a caption";
    // The picture that asks is that of the right caption: one tile shows both.
    const items = [
      itemHtml(`right, at place ${rank} of ${candidates}`, right, "right"),
      ...answers.map((answer, place) =>
        itemHtml(`place ${place + 1}`, answer, answer.isRight ? "right" : "")
      ),
    ];
    return `<section>
<h2>${escapeHtml(query.text ?? query.image)}</h2>
<p>${what}: the right answer comes at place <b>${rank}</b> of ${candidates}</p>
<ol>
${items.join("\n")}
</ol>
</section>`;
  });
  const none = wrong.length === 0 ? "<p>Every right answer comes first.</p>" : "";
  const body = `<h1>The most wrong queries of ${escapeHtml(evaluation)}</h1>
<p>${escapeHtml(experiment)}, split ${escapeHtml(split)}: ${wrong.length} of ${asked} queries</p>
${none}${sections.join("\n")}`;
  return pageText({ title: `most wrong queries · ${experiment}`, style, body });
}

function itemHtml(label: string, item: WrongItem & { score?: number }, kind: string): string {
  const { image, text, thumbnail, score } = item;
  const told = score === undefined ? "" : `<br>score <b>${score.toFixed(3)}</b>`;
  const words = text === undefined
    ? escapeHtml(image)
    : `${escapeHtml(text)}<br>${escapeHtml(image)}`;
  return `<li class="${kind}"><div class="label">${label}</div>${pictureHtml(thumbnail, image)}` +
    `<div>${words}${told}</div></li>`;
}
