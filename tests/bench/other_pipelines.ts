/** The same chains of trivial stages, for make, Snakemake and DVC. */
import { links } from "./chains.ts";

export interface OtherPipeline {
  readonly name: string;
  /** Writes what describes so many stages into a folder. */
  describe(folder: string, count: number): void;
  /** Makes the program believe that all is done, quicker than by doing it. */
  settle(folder: string, count: number): readonly (readonly string[])[];
  /** What a user types, with something to do and without. */
  readonly command: readonly string[];
}

/** @param bin where the programs are: a folder with `/` at its end, or nothing for those on PATH */
export function otherPipelines(bin: string): OtherPipeline[] {
  const [snakemake, dvc] = [`${bin}snakemake`, `${bin}dvc`];
  return [
    {
      name: "make",
      describe: (folder, count) => Deno.writeTextFileSync(`${folder}/Makefile`, makefile(count)),
      settle: writeOutputs,
      command: ["make", "--silent", "-j2"],
    },
    {
      name: "snakemake",
      describe: (folder, count) => Deno.writeTextFileSync(`${folder}/Snakefile`, snakefile(count)),
      settle(folder, count) {
        writeOutputs(folder, count);
        return [[snakemake, "--cores", "2", "--quiet", "all", "--touch"]];
      },
      command: [snakemake, "--cores", "2", "--quiet", "all"],
    },
    {
      name: "dvc",
      describe: (folder, count) => Deno.writeTextFileSync(`${folder}/dvc.yaml`, dvcFile(count)),
      settle(folder, count) {
        writeOutputs(folder, count);
        return [[dvc, "init", "--no-scm", "--quiet"], [dvc, "commit", "--force", "--quiet"]];
      },
      command: [dvc, "repro", "--quiet"],
    },
  ];
}

function writeOutputs(folder: string, count: number): [] {
  const now = Date.now() / 1000;
  for (const [index, { name }] of links(count).entries()) {
    Deno.writeTextFileSync(`${folder}/${name}.txt`, `${index}\n`);
    Deno.utimeSync(`${folder}/${name}.txt`, now, now);
  }
  return [];
}

function ends(count: number): string[] {
  return links(count).filter((_, index) => index % 10 === 9).map(({ name }) => `${name}.txt`);
}

function makefile(count: number): string {
  const rules = links(count).map(({ name, from }, index) =>
    `${name}.txt: ${from === undefined ? "" : `${from}.txt`}\n\t@echo ${index} > $@\n`
  );
  return [`all: ${ends(count).join(" ")}\n`, ...rules].join("");
}

function snakefile(count: number): string {
  const rules = links(count).map(({ name, from }, index) =>
    `rule ${name}:\n` + (from === undefined ? "" : `  input: "${from}.txt"\n`) +
    `  output: "${name}.txt"\n  shell: "echo ${index} > {output}"\n`
  );
  const all = ends(count).map((name) => JSON.stringify(name)).join(", ");
  return [`rule all:\n  input: ${all}\n`, ...rules].join("");
}

function dvcFile(count: number): string {
  const stages = links(count).map(({ name, from }, index) =>
    `  ${name}:\n    cmd: echo ${index} > ${name}.txt\n` +
    (from === undefined ? "" : `    deps: [${from}.txt]\n`) + `    outs: [${name}.txt]\n`
  );
  return ["stages:\n", ...stages].join("");
}
