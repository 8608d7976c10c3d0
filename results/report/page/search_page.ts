/** The answers of a search as a page that needs no network. */
import type { SearchStages } from "../../../pipeline/contract/stages.ts";
import { markup } from "./html.ts";
import { pageStyle, pageText, pictureHtml } from "./page_text.ts";

export interface SearchPage extends Awaited<ReturnType<SearchStages>> {
  readonly query: string;
  readonly experiment: string;
  /** Label of the model that ranked the answers. */
  readonly model: string;
  readonly split: string;
}

const style = `${pageStyle}
.query { max-height: 14rem; border-radius: .5rem; }
`;

export function searchPage(
  { query, experiment, model, split, answers, thumbnail }: SearchPage,
): string {
  const items = answers.map(({ image, text, score, thumbnail }, place) => {
    const name = text === undefined ? undefined : markup`<br>${image}`;
    return markup`<li>${pictureHtml(thumbnail, image)}<div><b>${place + 1}.</b> ${
      text ?? image
    }${name}<br>score <b>${score.toFixed(3)}</b></div></li>`;
  });
  const picture = thumbnail === undefined
    ? undefined
    : markup`<p><img class="query" src="${thumbnail}" alt="the query picture"></p>`;
  const body = markup`<h1>${query}</h1>
<p>${experiment}, ${model}, split ${split}; best match first</p>
${picture}
<ol>
${items}
</ol>`;
  return pageText({ title: `${query} · ${experiment}`, style, body });
}
