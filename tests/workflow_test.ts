/**
 * The workflow's own commands, run as they stand: on a repository whose branch changes the experiment, with
 * a `gh` that writes down what it is asked.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { projectFolder } from "./support/command.ts";
import { longTest } from "./support/long_test.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const workflow = parse(
  Deno.readTextFileSync(`${projectFolder}/.github/workflows/ablation.yml`),
) as {
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: { readonly ablation: { readonly steps: readonly Step[] } };
};
const { steps } = workflow.jobs.ablation;

/** Small enough for a test; its name is that of the workflow. */
const experiment = (steps: number) =>
  `name: scenes_iais
seed: 1
stages:
  scenes: { use: make_scenes, images: 24, captions: 2 }
  features: { use: extract_features, from: scenes }
  initial: { use: initialise_model, features: features, hidden: 16, layers: 1, heads: 2 }
  tuned: { use: fine_tune, features: features, weights: initial, steps: ${steps}, negatives: 3, hard_negatives: 1, xla: false }
  recall: { use: evaluate, model: tuned, features: features, xla: false }
`;

const fakeGh = `#!/usr/bin/env bash
echo "$*" >> "$GH_LOG"
if [ "$2" = "--paginate" ]; then echo "\${GH_COMMENT:-}"; fi
`;

function git(folder: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command("git", {
    args: ["-c", "user.name=a", "-c", "user.email=a@example", ...args],
    cwd: folder,
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
}

/** A repository of the project as it is here, and a clone of it as a pull request has it. */
function repositories(folder: string): string {
  const [origin, clone] = [`${folder}/origin`, `${folder}/clone`];
  Deno.mkdirSync(origin);
  const parts = ["pipeline", "stages", "results", "experiments", "deno.json", "deno.lock"];
  for (const part of [...parts, "package.json", ".gitignore"]) {
    const { success } = new Deno.Command("cp", {
      args: ["-r", `${projectFolder}/${part}`, `${origin}/${part}`],
    }).outputSync();
    assert.ok(success);
  }
  try {
    Deno.removeSync(`${origin}/results/store`, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.writeTextFileSync(`${origin}/experiments/scenes_iais.yaml`, experiment(2));
  git(origin, "init", "--quiet", "--initial-branch=main");
  git(origin, "add", "--all");
  git(origin, "commit", "--quiet", "--message=base");
  git(folder, "clone", "--quiet", origin, clone);
  return clone;
}

const expressions: Readonly<Record<string, string>> = {
  "github.base_ref": "main",
  "github.token": "none",
  "github.repository": "somebody/something",
  "github.event.number": "7",
};

/** What a step is given: values as GitHub would put them in. */
function environmentOf(step: Step): Record<string, string> {
  const pairs = Object.entries({ ...workflow.env, ...step.env });
  return Object.fromEntries(pairs.map(([name, value]) => [
    name,
    String(value).replace(/\$\{\{ ([\w.]+) \}\}/g, (_, expression) => {
      assert.ok(expression in expressions, `${expression} is known to the test`);
      return expressions[expression]!;
    }),
  ]));
}

longTest(
  "the workflow runs the experiment of a pull request, tells what changed, and keeps one comment",
  () => {
    using folder = temporaryFolder();
    const clone = repositories(folder.path);
    const tools = `${folder.path}/tools`;
    Deno.mkdirSync(tools);
    Deno.writeTextFileSync(`${tools}/gh`, fakeGh, { mode: 0o755 });
    // The Deno that runs this test, where the workflow asks for one.
    const npx = `#!/usr/bin/env bash\nshift 2\nexec '${Deno.execPath()}' "$@"\n`;
    Deno.writeTextFileSync(`${tools}/npx`, npx, { mode: 0o755 });
    const summary = `${folder.path}/summary.md`;
    const log = `${folder.path}/gh.log`;
    const run = (more: Readonly<Record<string, string>> = {}) => {
      Deno.writeTextFileSync(summary, "");
      Deno.writeTextFileSync(log, "");
      for (const step of steps) {
        if (step.run === undefined) continue;
        const { code, stdout, stderr } = new Deno.Command("bash", {
          args: ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run],
          cwd: clone,
          env: {
            ...environmentOf(step),
            PATH: `${tools}:${Deno.env.get("PATH")}`,
            GITHUB_STEP_SUMMARY: summary,
            GH_LOG: log,
            ...more,
          },
        }).outputSync();
        const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
        assert.equal(code, 0, `${step.name}: ${text}`);
      }
      return { summary: Deno.readTextFileSync(summary), asked: Deno.readTextFileSync(log) };
    };
    Deno.writeTextFileSync(`${clone}/experiments/scenes_iais.yaml`, experiment(3));
    const first = run();
    assert.match(first.summary, /scenes_iais/);
    assert.match(first.summary, /steps/, "the changed parameter is told");
    assert.match(first.asked, /--method POST repos\/somebody\/something\/issues\/7\/comments/);
    const comment = Deno.readTextFileSync(`${clone}/comment.md`);
    assert.ok(comment.startsWith("<!-- ablation of scenes_iais -->\n"));
    assert.ok(comment.length < 65_536);
    assert.deepEqual(
      steps.filter(({ uses }) => uses?.startsWith("actions/upload-artifact")).length,
      1,
    );

    // A second push that takes the change back: nothing to compare, and the comment is that of before.
    Deno.writeTextFileSync(`${clone}/experiments/scenes_iais.yaml`, experiment(2));
    git(clone, "worktree", "remove", "--force", ".base");
    const second = run({ GH_COMMENT: "11" });
    assert.match(second.asked, /--method PATCH repos\/somebody\/something\/issues\/comments\/11/);
    assert.doesNotMatch(second.asked, /POST/);

    // A base that is no experiment is its own fault: the pull request is run, and compared with nothing.
    const origin = `${folder.path}/origin`;
    Deno.writeTextFileSync(`${origin}/experiments/scenes_iais.yaml`, "name: scenes_iais\n");
    git(origin, "commit", "--quiet", "--all", "--message=broken");
    git(clone, "worktree", "remove", "--force", ".base");
    Deno.removeSync(`${clone}/base.id`);
    const third = run();
    assert.match(third.summary, /scenes_iais/);
    assert.doesNotMatch(third.summary, /What changed/);
  },
);
