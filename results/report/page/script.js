/** The page's own script: tables sort and copy, the viewer shows attentions. No library, no network. */
"use strict";

const say = (text) => {
  document.getElementById("said").textContent = text;
};

/* Tables ------------------------------------------------------------------------------------ */

const sortValue = (cell) => {
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  return cell.textContent.trim();
};

/** Numbers by value, texts as people order them; what is empty or missing comes last. */
function compareCells(one, other) {
  const [a, b] = [sortValue(one), sortValue(other)];
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || b === "") return -1;
  if (typeof b === "number" || a === "") return 1;
  return a.localeCompare(b, "en", { numeric: true });
}

function sortTable(button) {
  const head = button.closest("th");
  const table = head.closest("table");
  const column = [...head.parentElement.children].indexOf(head);
  const numeric = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  const direction = before === null
    ? (numeric ? "descending" : "ascending")
    : before === "ascending"
    ? "descending"
    : "ascending";
  for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  const body = table.tBodies[0];
  const sign = direction === "ascending" ? 1 : -1;
  const lacks = (cell) => cell.dataset.value === undefined && numeric;
  const rows = [...body.rows].sort((one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    if (lacks(a) !== lacks(b)) return lacks(a) ? 1 : -1;
    return sign * compareCells(a, b);
  });
  body.append(...rows);
  say(`sorted by ${button.textContent}, ${direction}`);
}

/** Tabs between cells, as spreadsheets paste them; words for screen readers alone stay away. */
function tableText(table) {
  const cellText = (cell) => {
    const shown = cell.cloneNode(true);
    for (const hidden of shown.querySelectorAll(".hidden")) hidden.remove();
    return shown.textContent.replace(/\s+/g, " ").trim();
  };
  return [...table.rows].map((row) => [...row.cells].map(cellText).join("\t")).join("\n");
}

async function copyText(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    button.focus();
  }
  say(done ? "copied" : "copying is not allowed here");
  const before = button.textContent;
  button.textContent = done ? "Copied" : "Not allowed";
  setTimeout(() => button.textContent = before, 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button === null) return;
  if (button.classList.contains("sort")) sortTable(button);
  if (button.classList.contains("copy")) {
    copyText(tableText(document.getElementById(button.dataset.copies)), button);
  }
  if (button.classList.contains("copy-code")) {
    copyText(button.parentElement.querySelector("code").textContent, button);
  }
});

/* Attention viewer -------------------------------------------------------------------------- */

const svgNamespace = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Three digits that count. */
const digits = (value) => String(Number(value.toPrecision(3)));
const share = (thousandths) => `${(thousandths / 10).toFixed(1)} %`;

/** Words in lines above the picture; returns their places and the height they take. */
function wordPlaces(words, width) {
  const [high, gap] = [24, 6];
  let [x, y] = [0, 0];
  const places = words.map((word) => {
    const wide = Math.min(width, 14 + 7.6 * [...word].length);
    if (x + wide > width) [x, y] = [0, y + high + gap];
    const place = { x, y, width: wide, height: high };
    x += wide + gap;
    return place;
  });
  return { places, height: y + high };
}

/** Words, picture with regions, and a line for each word and region, as wide as the attention. */
function crossDrawing(pair, layer, { picture, shape, width }) {
  const { places, height: top } = wordPlaces(pair.words, width);
  const [wide, high] = [width, width * shape.height / shape.width];
  const from = top + 60;
  const svg = drawn("svg", {
    class: "cross",
    viewBox: `-2 -2 ${width + 4} ${from + high + 4}`,
    role: "group",
    "aria-label": "Words and regions; choose one to see its attention alone",
  });
  svg.append(
    picture === undefined
      ? drawn("rect", { class: "blank", x: 0, y: from, width: wide, height: high })
      : drawn("image", { href: picture, x: 0, y: from, width: wide, height: high }),
  );
  const regions = pair.boxes.map(([x1, y1, x2, y2]) => ({
    x: x1 * wide,
    y: from + y1 * high,
    width: (x2 - x1) * wide,
    height: (y2 - y1) * high,
  }));
  const lines = drawn("g", { "aria-hidden": "true" });
  const most = Math.max(1, ...layer.wordToRegion.flat());
  const draw = (kind, chosen) => {
    lines.replaceChildren();
    layer.wordToRegion.forEach((row, word) => {
      row.forEach((forth, region) => {
        if (kind === "word" && word !== chosen) return;
        if (kind === "region" && region !== chosen) return;
        const weight = kind === "region" ? layer.regionToWord[region][word] : forth;
        const strength = weight / most;
        // Of all: where a word looks most, and whatever stands out of an even share.
        const stands = forth === Math.max(...row) || forth >= 2000 / row.length;
        if (kind === undefined && !stands) return;
        const [a, b] = [places[word], regions[region]];
        lines.append(drawn("line", {
          x1: a.x + a.width / 2,
          y1: a.y + a.height,
          x2: b.x + b.width / 2,
          y2: b.y + b.height / 2,
          "stroke-width": (0.5 + 3.5 * strength).toFixed(2),
          opacity: Math.min(1, (kind === undefined ? 0.1 : 0.3) + 0.6 * strength).toFixed(2),
        }));
      });
    });
  };
  const buttons = [];
  const button = (kind, number, label, ...parts) => {
    const made = drawn("g", {
      class: kind,
      role: "button",
      tabindex: 0,
      "aria-pressed": "false",
      "aria-label": label,
    }, ...parts);
    const choose = () => {
      const pressed = made.getAttribute("aria-pressed") === "true";
      for (const other of buttons) other.setAttribute("aria-pressed", "false");
      made.setAttribute("aria-pressed", String(!pressed));
      if (pressed) draw();
      else draw(kind, number);
      if (!pressed) say(label);
    };
    made.addEventListener("click", choose);
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
    buttons.push(made);
    return made;
  };
  const strongest = (weights, name) => {
    const best = weights.indexOf(Math.max(...weights));
    return best < 0 ? "" : `, most to ${name(best)}: ${share(weights[best])}`;
  };
  svg.append(
    ...regions.map((place, region) => {
      const text = `region ${region + 1}${
        strongest(layer.regionToWord[region], (word) => pair.words[word])
      }`;
      return button(
        "region",
        region,
        text,
        drawn("rect", place),
      );
    }),
    lines,
    drawn(
      "g",
      { class: "numbers", "aria-hidden": "true" },
      ...regions.flatMap((place, region) => {
        const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
        return [
          drawn("circle", { cx: x, cy: y, r: 9 }),
          drawn("text", { x, y: y + 4, "text-anchor": "middle" }, String(region + 1)),
        ];
      }),
    ),
    ...pair.words.map((word, number) => {
      const place = places[number];
      const text = `${word}${
        strongest(layer.wordToRegion[number], (region) => `region ${region + 1}`)
      }`;
      return button(
        "word",
        number,
        text,
        drawn("rect", { ...place, rx: 5 }),
        drawn("text", {
          x: place.x + place.width / 2,
          y: place.y + 17,
          "text-anchor": "middle",
        }, word),
      );
    }),
  );
  draw();
  return svg;
}

/** A matrix as a table: rows attend to columns; darker is more. Hundredths in the cells. */
function matrixTable(caption, rows, columns, values) {
  const most = Math.max(1, ...values.flat());
  const table = element(
    "table",
    { class: "matrix" },
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...columns.map((name) => element("th", { scope: "col" }, name)),
      ),
    ),
    element(
      "tbody",
      {},
      ...values.map((row, place) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, rows[place] ?? ""),
          ...row.map((value, column) => {
            const cell = element("td", {
              title: `${rows[place]} → ${columns[column]}: ${share(value)}`,
            }, String(Math.round(value / 10)));
            cell.style.background = `color-mix(in srgb, var(--heat) ${
              (60 * value / most).toFixed(1)
            }%, transparent)`;
            return cell;
          }),
        )
      ),
    ),
  );
  return element("div", {
    class: "scroll",
    tabindex: "0",
    role: "region",
    "aria-label": caption,
  }, table);
}

function startViewer(source) {
  const { variants, pictures } = JSON.parse(source.textContent);
  const select = (name) => document.getElementById(`viewer-${name}`);
  const fill = (name, options, kept) => {
    select(name).replaceChildren(
      ...options.map(([value, text]) => element("option", { value }, text)),
    );
    if (options.some(([value]) => value === kept)) select(name).value = kept;
  };
  const kept = (name) => select(name).value;
  fill("variant", variants.map(({ variant }, place) => [String(place), variant]));
  fill("other", [
    ["", "nothing"],
    ...variants.map(({ variant }, place) => [String(place), variant]),
  ]);

  const pairOf = (variant, text) =>
    variants[variant].pairs.find((pair) => pair.text === text) ?? variants[variant].pairs[0];

  function refill() {
    const variant = variants[Number(kept("variant"))];
    fill("pair", variant.pairs.map(({ text, caption }) => [text, caption || text]), kept("pair"));
    const pair = pairOf(Number(kept("variant")), kept("pair"));
    const last = String(pair.layers.at(-1)?.layer ?? "");
    fill(
      "layer",
      pair.layers.map(({ layer }) => [String(layer), `${layer}`]),
      kept("layer") || last,
    );
    const layer = pair.layers.find(({ layer }) => String(layer) === kept("layer"));
    fill(
      "alignment",
      (layer?.alignments ?? []).map(({ name }) => [name, name]),
      kept("alignment"),
    );
  }

  async function show() {
    refill();
    const first = panel("first", Number(kept("variant")));
    const other = kept("other");
    const second = other === "" ? undefined : panel("second", Number(other));
    document.getElementById("viewer-second").hidden = other === "";
    select("distance").textContent = [await first, await second].filter(Boolean).join(" · ");
  }

  async function panel(id, number) {
    const { variant } = variants[number];
    const pair = pairOf(number, kept("pair"));
    const layer = pair.layers.find(({ layer }) => String(layer) === kept("layer")) ??
      pair.layers.at(-1);
    const place = document.getElementById(`viewer-${id}`);
    if (layer === undefined) {
      place.replaceChildren(element("p", {}, "no layer is stored"));
      return "";
    }
    const alignment = layer.alignments.find(({ name }) => name === kept("alignment")) ??
      layer.alignments[0];
    const picture = pictures[pair.image];
    const shape = await sizeOf(picture);
    place.hidden = false;
    const width = Math.max(320, Math.min(560, place.clientWidth));
    const regions = pair.boxes.map((_, region) => `region ${region + 1}`);
    const tables = [
      matrixTable("S_LL: words to words, percent", pair.words, pair.words, layer.wordToWord),
      ...(alignment === undefined ? [] : [matrixTable(
        `aligned S_VV by ${alignment.name}: what S_LL is compared with, percent`,
        pair.words,
        pair.words,
        alignment.aligned,
      )]),
    ];
    const more = element(
      "details",
      {},
      element("summary", {}, "The other attentions as tables"),
      matrixTable(
        "S_LV: words to regions, percent",
        pair.words,
        regions,
        layer.wordToRegion,
      ),
      matrixTable(
        "S_VL: regions to words, percent",
        regions,
        pair.words,
        layer.regionToWord,
      ),
      matrixTable(
        "S_VV: regions to regions, percent",
        regions,
        regions,
        layer.regionToRegion,
      ),
    );
    place.replaceChildren(
      element("h3", {}, `${variant}, layer ${layer.layer}`),
      element("p", {}, pair.caption),
      element(
        "div",
        { class: "viewer-body" },
        crossDrawing(pair, layer, { picture, shape, width }),
        element("div", { class: "matrices" }, ...tables),
      ),
      more,
    );
    const isda = layer.isda === null ? "" : `, ISDa ${digits(layer.isda)}`;
    return alignment === undefined
      ? `${variant}${isda}`
      : `${variant}: ISD by ${alignment.name} ${digits(alignment.isdText)} over words, ` +
        `${digits(alignment.isdImage)} over regions${isda}`;
  }

  function sizeOf(picture) {
    if (picture === undefined) return Promise.resolve({ width: 4, height: 3 });
    return new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve({ width: image.naturalWidth, height: image.naturalHeight });
      image.onerror = () => resolve({ width: 4, height: 3 });
      image.src = picture;
    });
  }

  for (const name of ["variant", "pair", "layer", "alignment", "other"]) {
    select(name).addEventListener("change", show);
  }
  show();
}

const attention = document.getElementById("attention-data");
if (attention !== null) startViewer(attention);
