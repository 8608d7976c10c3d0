/** What `help` prints. */
export const helpText = `usage: deno task run EXPERIMENT.yaml [options]
       deno task sql "SELECT …" [--format table|json|csv]
       deno task doctor EXPERIMENT.yaml [options]
       deno task status [EXPERIMENT.yaml] [--json]
       deno task why EXPERIMENT.yaml STAGE [--against RUN] [--json]
       deno task gc [--keep-last N] [--keep-experiments A,B] [--older-than 30d]
                    [--yes | --dry-run] [--json]
       deno task verify EXPERIMENT.yaml [STAGE|RUN …] [--json]
       deno task search EXPERIMENT.yaml "WORDS"|PICTURE [--count N] [--json]
       deno task wrong EXPERIMENT.yaml [--direction i2t|t2i] [--count N]
       deno task runs [EXPERIMENT] [--stage STAGE] [--limit N] [--json]
       deno task show RUN [--json]
       deno task compare A B [--json]
       deno task report EXPERIMENT [--against B] [--out DIR]
       deno task export DIR [--experiment NAME] [--with-artifacts]
       deno task export-features EXPERIMENT.yaml STAGE DIR [--format npz|lmdb]
       deno task watch [EXPERIMENT] [--port N]
       deno task tensorboard DIR [--experiment NAME]
       deno task rebuild

run: makes what an experiment needs and is not stored yet, and prints its report
  --plan                     say what would run and why; change nothing
  --set STAGE.PARAM=VALUE    change a parameter; a list replaces a matrix's axis
  --only STAGE               only this stage and what it needs; points of it by
                             their values: --only 'tuned[alignment=sparse]'
  --force STAGE              run this stage although its result is stored
  --verify                   first read all stored files and compare digests
  --jobs N                   stages that run at once (default 1), as far as
                             threads, memory and GPUs reach
  --threads N                threads of a stage (default: all cores)
  --memory SIZE, --gpus N    what they may take at once (default: all there is)
  --fail-fast                when a stage fails, stop the others too
  --quiet                    only warnings, failures and the report
  --json                     one JSON object per line for all that happens
doctor: looks whether a run can start (data, checkpoint, library, memory, disk)
  and measures how long it takes; takes --set, --only, --jobs, --threads as run
status: what of an experiment is stored, running, failed or still to run, and
  its size; takes --set and --threads as run does; without a file, a line per
  experiment ever asked, and what takes the disk
gc: what no kept asking of an experiment needs, and what kills and repairs left;
  shows what would go, and deletes it with --yes; what a live run holds stays
  --keep-last N              keep the last N askings per experiment (default 1)
  --keep-experiments A,B     keep these only (names or files; default: all)
  --older-than 30d           only what is older (12h, 30d, 8w)
verify: makes stored results again in a scratch folder and compares them bit by
  bit; prints and keeps a certificate of each; takes --set, --jobs, --threads
search: the images that fit words best, or the captions that fit a picture, by a
  tuned model of the store; writes a page with thumbnails, too
  --only 'recall[seed=1]'    which evaluated point (default: the first stored)
  --split S, --page FILE     other images; another place for the page
wrong: the queries of an evaluation whose right answers come latest, and what
  came first instead; a page with pictures, too; --only, --page as for search
why: what exactly a stage's key now and the last run of that label differ in, or
  the run whose key begins with RUN: parameters, lines of code, packages, files,
  inputs; takes --set and --threads as run does
runs: stage runs, the latest first, with point, time and main metrics; of an
  experiment (its name or file) or of all; the latest 20, or N with --limit N
show: everything about one run, named by the beginning of its key or its label:
  parameters, inputs, files from outside, versions, metrics, files, logs
compare: two runs, or two experiments: what differs, and their metrics beside
  each other; NAME~1 is the choice of parameters that was asked before the last
report: what an experiment (its name or file) found, from what is stored: as
  Markdown for people and GitHub, and as one page that needs no network
  --against B                what changed since B: NAME~1, or another experiment
  --set STAGE.PARAM=VALUE    the asking that was run with this
  --out DIR                  where to write (default: RESULTS/reports/NAME)
sql: asks the result database; it is opened read-only
export: a new folder DIR with all tables as Parquet, experiment files as asked,
  manifests, and ro-crate-metadata.json, which says what was made from what
  --experiment NAME          one experiment only, by its name or its file
  --with-artifacts           the artifacts' files too: a results folder again
  --license URL              what the description names as licence
export-features: a new folder DIR with the features that a stage has made, as
  UNITER's code reads them: img_db and txt_db; takes --set as run does
  --format npz|lmdb          a file per image in float32, or LMDB in float16, as
                             published (default: lmdb)
watch: curves of a running experiment (by default the last one asked) in the
  browser, for this machine alone, until Ctrl-C; --port N (default: 8017)
tensorboard: a new folder DIR of event files: curves and metrics, run by run
rebuild: makes the database anew from the stored artifacts
for every command:
  --results DIR              where artifacts and database lie (default: results)
`;
