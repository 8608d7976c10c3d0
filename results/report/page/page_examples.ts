/** The page's section on single queries: the answers of each variant, correct or wrong. */
import type {
  DescribedAnswer,
  DescribedExamples,
  DescribedQuery,
} from "../../findings/described_examples.ts";
import { type Html, markup } from "./html.ts";
import { howToReproduce } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

type Pictures = DescribedExamples["pictures"];

export function examplesSection(
  { stage, queries, pictures, question }: DescribedExamples,
  results: CommandPlace,
): Html {
  if (queries.length === 0) {
    return markup`<p>No ranked queries are stored.</p>${howToReproduce([question], results)}`;
  }
  const compared = stage === undefined
    ? markup`Queries on which the evaluations differ most.`
    : markup`Queries on which the variants of <code>${stage}</code> differ most. For each variant, the
answers of its first seed are shown, and in how many seeds it was correct.`;
  return markup`<p>${compared} A check mark (✓) means that the top answer is correct.</p>
<div class="examples">${queries.map((query) => exampleCard(query, pictures))}</div>
${howToReproduce([question], results)}`;
}

function exampleCard(query: DescribedQuery, pictures: Pictures): Html {
  const { direction, query: id, text, image, captions, answers, left } = query;
  const head = direction === "t2i"
    ? markup`<p class="query"><span class="tag">caption → image</span> ${text ?? id}</p>
${
      image === undefined
        ? undefined
        : markup`<p class="target">${picture(image, pictures)}<span>correct
image</span></p>`
    }`
    : markup`<p class="query"><span class="tag">image → caption</span> ${id}</p>
<p class="target">${picture(id, pictures)}<span>query image</span></p>
${
      captions.length === 0
        ? undefined
        : markup`<details><summary>its captions (${captions.length})</summary><ol class="i2t">${
          captions.map((text) => markup`<li class="is-correct">${text}</li>`)
        }</ol></details>`
    }`;
  return markup`<article class="example"><header>${head}</header>
<ul>${answers.map((answer) => answerItem(answer, { direction, pictures }))}</ul>
${left > 0 ? markup`<p class="note">and ${left} more variants</p>` : undefined}</article>`;
}

function answerItem(
  { variant, rank, correct, runs, top, best }: DescribedAnswer,
  { direction, pictures }: { direction: "i2t" | "t2i"; pictures: Pictures },
): Html {
  const first = rank === 1;
  const over = runs === 1
    ? undefined
    : markup` <span class="tag">correct in ${Math.round(correct * runs)} of ${runs} seeds</span>`;
  return markup`
    <li class="${first ? "correct" : "wrong"}">
      <p><span class="mark"
    aria-hidden="true">${first ? "✓" : "✗"}</span> <strong>${variant || "all"}</strong>: ${
    first ? "correct" : `correct answer at rank ${rank}`
  }${over}</p>
      <ol class="${direction}">${
    top.map(({ id, text, correct }) =>
      markup`<li class="${correct ? "is-correct" : ""}">${
        direction === "t2i" ? picture(id, pictures) : text ?? id
      }${correct ? markup`<span class="hidden"> (correct)</span>` : undefined}</li>`
    )
  }${
    best === undefined
      ? undefined
      : markup`<li class="is-correct">correct, at rank ${best.rank}: ${best.text}</li>`
  }</ol>
    </li>
  `;
}

function picture(id: string, pictures: Pictures): Html {
  const url = pictures.get(id);
  return url === undefined
    ? markup`<span class="no-picture">${id}</span>`
    : markup`<img src="${url}" alt="${id}">`;
}
