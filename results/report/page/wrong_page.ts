/** The queries whose correct answer is ranked worst, with the answers given: a page that needs no network. */
import type { ShownItem, WrongStages } from "../../../pipeline/contract/stages.ts";
import { type Html, markup } from "./html.ts";
import { pageStyle, pageText, pictureHtml } from "./page_text.ts";

export interface WrongPage extends Awaited<ReturnType<WrongStages>> {
  readonly experiment: string;
  /** Label of the evaluation. */
  readonly evaluation: string;
}

const style = `${pageStyle}
section { border-top: 1px solid var(--line); padding: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
ol { grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); }
li.correct { border: 3px solid light-dark(#0060a8, #7cc4ff); }
.label { color: var(--soft); padding-bottom: 0; }
`;

export function wrongPage({ experiment, evaluation, split, queries, wrong }: WrongPage): string {
  const sections = wrong.map(({ direction, query, rank, candidates, right, answers }) => {
    const task = direction === "i2t"
      ? "captions for the first picture below"
      : "pictures for this caption";
    // For an image query, the tile of the correct caption also shows the query's picture.
    const items = [
      itemHtml(`correct answer, rank ${rank} of ${candidates}`, right, "correct"),
      ...answers.map((answer, place) =>
        itemHtml(`rank ${place + 1}`, answer, answer.isRight ? "correct" : "")
      ),
    ];
    return markup`<section>
<h2>${query.text ?? query.image}</h2>
<p>Ranking ${task}: the best correct answer has rank <b>${rank}</b> of ${candidates}.</p>
<ol>
${items}
</ol>
</section>`;
  });
  const none = wrong.length === 0
    ? markup`<p>Every query has a correct answer at rank 1.</p>`
    : undefined;
  const body = markup`<h1>Worst-ranked queries of ${evaluation}</h1>
<p>${experiment}, split ${split}: ${wrong.length} of ${queries} queries, worst first</p>
${none}${sections}`;
  return pageText({ title: `worst-ranked queries · ${experiment}`, style, body });
}

function itemHtml(label: string, item: ShownItem & { score?: number }, kind: string): Html {
  const { image, text, thumbnail, score } = item;
  const name = text === undefined ? markup`${image}` : markup`${text}<br>${image}`;
  const scored = score === undefined ? undefined : markup`<br>score <b>${score.toFixed(3)}</b>`;
  return markup`<li class="${kind}"><div class="label">${label}</div>${
    pictureHtml(thumbnail, image)
  }<div>${name}${scored}</div></li>`;
}
