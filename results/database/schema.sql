-- What was found: the result database. It is an index over the artifacts in the same folder and can
-- be made anew from them at any time (`deno task rebuild`). `run` is always the key of a stage run:
-- 64 hexadecimal digits that stand for everything that decides its result.
--
-- Version 9. A change to a table raises `schemaVersion` in results/database/schema.ts and adds a step to
-- results/database/migrations.ts; a new column comes last. A view can change as it likes, with a new version.
-- The comments are in the database, too: SELECT * FROM duckdb_columns() WHERE NOT internal.

-- The version of this schema that the file was made with; one row.
CREATE TABLE schema_version (
  version INTEGER NOT NULL             -- of schema.sql
);

-- What was asked: one row per experiment and choice of parameters. `--set` gives a row of its own.
CREATE TABLE experiment (
  id VARCHAR NOT NULL,                 -- digest of name, file, baseline and the runs it needs
  name VARCHAR NOT NULL,               -- `name` in the file
  file VARCHAR NOT NULL,               -- path of the file as it was given
  compare VARCHAR,                     -- published results it is compared with, such as flickr30k_1k
  asked TIMESTAMP NOT NULL             -- when it was last asked for, UTC
);

-- The variant that the others of an experiment are compared with.
CREATE TABLE baseline (
  experiment VARCHAR NOT NULL,         -- experiment.id
  axis VARCHAR NOT NULL,               -- name of a varied parameter
  value VARCHAR NOT NULL               -- its value in the baseline, as text
);

-- Which runs an experiment needs, and what it calls them. The same run can serve many experiments.
CREATE TABLE experiment_run (
  experiment VARCHAR NOT NULL,         -- experiment.id
  run VARCHAR NOT NULL,                -- stage_run.run
  stage VARCHAR NOT NULL,              -- name of the stage in the experiment, such as `tuned`
  label VARCHAR NOT NULL,              -- with its point, such as `tuned[alignment=none,seed=1]`
  position INTEGER NOT NULL            -- order in which the experiment's runs can be made, from 0
);

-- The values that a sweep gave a run, its own and those of the stages it reads from.
CREATE TABLE run_point (
  experiment VARCHAR NOT NULL,         -- experiment.id
  run VARCHAR NOT NULL,                -- stage_run.run
  axis VARCHAR NOT NULL,               -- varied parameter, `stage.parameter` where two have one name
  value VARCHAR NOT NULL               -- as text
);

-- One row per stage run: one way of making one artifact.
CREATE TABLE stage_run (
  run VARCHAR NOT NULL,                -- the key
  stage VARCHAR NOT NULL,              -- stage name in the experiment that made it, such as `tuned`
  kind VARCHAR NOT NULL,               -- what it uses, such as `fine_tune`
  label VARCHAR NOT NULL,              -- with its point, in the experiment that made it
  status VARCHAR NOT NULL,             -- running, complete, failed, stopped, interrupted
  why VARCHAR,                         -- why it was run
  started TIMESTAMP,                   -- UTC
  seconds DOUBLE,                      -- from start to complete; of the last attempt if resumed
  host VARCHAR,                        -- name of the machine
  device VARCHAR,                      -- cpu or gpu; NULL for stages that do not compute
  code VARCHAR,                        -- digest of the stage's code
  versions VARCHAR                     -- JSON map: deno, library, threads and other circumstances
);

-- Which run read which.
CREATE TABLE edge (
  run VARCHAR NOT NULL,                -- the reader
  port VARCHAR NOT NULL,               -- name of its input, such as `model`
  input VARCHAR NOT NULL               -- the run that was read
);

-- What runs read from outside the project: data, checkpoints.
CREATE TABLE outside_file (
  run VARCHAR NOT NULL,                -- stage_run.run
  role VARCHAR NOT NULL,               -- what the stage calls it
  digest VARCHAR NOT NULL              -- over names and contents of the files that are meant
);

-- Parameters of runs, after defaults.
CREATE TABLE parameter (
  run VARCHAR NOT NULL,                -- stage_run.run
  name VARCHAR NOT NULL,               -- as in the experiment file, such as `steps`
  value VARCHAR,                       -- as text; lists and maps as JSON
  number DOUBLE,                       -- the value if it is a number
  flag BOOLEAN                         -- the value if it is true or false
);

-- Complete artifacts.
CREATE TABLE artifact (
  run VARCHAR NOT NULL,                -- stage_run.run
  kind VARCHAR NOT NULL,               -- scenes, features, model, recall, …
  folder VARCHAR NOT NULL,             -- from the results folder
  digest VARCHAR NOT NULL,             -- SHA-256 over names, sizes and contents of its files
  files INTEGER NOT NULL,              -- how many
  bytes BIGINT NOT NULL                -- their sizes added up
);

-- Result numbers.
CREATE TABLE metric (
  run VARCHAR NOT NULL,                -- stage_run.run
  name VARCHAR NOT NULL,               -- i2t_r1 … t2i_r10, rsum, i2t_median_rank, i2t_mean_rank,
                                       -- i2t_mrr, i2t_ndcg …, fold5_…: means over folds,
                                       -- positives_…: by right answers beside the data's own,
                                       -- rerank_…: as if only a shortlist were ranked,
                                       -- pair_text, pair_image, pair_group,
                                       -- release_… as the published release would tell them,
                                       -- isd_…, isda: means of relation_distance, of the last layer
                                       -- measured; collapsed: 1 where training ended at chance or
                                       -- with all scores alike, …
  split VARCHAR,                       -- train, val, test, swap; NULL where none applies
  value DOUBLE                         -- recalls and accuracies are fractions, 0 .. 1; ranks from 1
);

-- Where each query found its first right answer.
CREATE TABLE query_rank (
  run VARCHAR NOT NULL,                -- stage_run.run
  direction VARCHAR NOT NULL,          -- i2t: images ask for captions; t2i: captions ask for images
  query VARCHAR NOT NULL,              -- id of the image or caption that asks
  split VARCHAR,                       -- split of the query
  rank INTEGER NOT NULL,               -- of the best right answer, from 1
  ties INTEGER,                        -- other answers with the score of the best right one
  top_ids VARCHAR,                     -- JSON list of the best ten ids, best first
  top_scores VARCHAR,                  -- JSON list of their scores
  image VARCHAR,                       -- id of the image that the query is, or describes
  right_ranks VARCHAR,                 -- JSON list: where each right answer stands, ascending
  fold INTEGER,                        -- part of the split, from 1; NULL where none were asked
  fold_rank INTEGER,                   -- of the best right answer among the answers of its fold
  positive_ranks VARCHAR,              -- as right_ranks, of what `positives` names in their place
  rerank_rank INTEGER,                 -- as rank, if only a shortlist of the branches were ranked
  rerank_found BOOLEAN                 -- a right answer is on that shortlist
);

-- One row per optimiser step.
CREATE TABLE training_step (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- from 1
  phase VARCHAR,                       -- pretrain or fine_tune
  loss DOUBLE,                         -- what is minimised
  rank_loss DOUBLE,                    -- margin ranking loss over the hard negatives; pretraining:
                                       -- in-batch ranking of pairs, nats
  alignment_loss DOUBLE,               -- intra-modal self-attention alignment, before its weight
  alignment_weight DOUBLE,             -- annealed weight of alignment_loss in loss
  masked_word_loss DOUBLE,             -- pretraining: cross entropy of masked words, nats per word
  matching_loss DOUBLE,                -- pretraining: cross entropy of image-text matching, nats
  matching_accuracy DOUBLE,            -- pretraining: fraction of judged pairs judged rightly
  contrast_loss DOUBLE,                -- pretraining: word-region contrast, nats
  lr DOUBLE,                           -- learning rate
  grad_norm DOUBLE,                    -- global L2 norm of the gradient before clipping
  task VARCHAR,                        -- pretraining: the task drawn for this step, joint or one alone
  masked_region_loss DOUBLE,           -- pretraining: squared error of masked regions, per number
  region_class_loss DOUBLE,            -- pretraining: KL from the classes of masked regions, nats
  transport_loss DOUBLE,               -- pretraining: optimal transport of words to regions, matched
                                       -- pairs minus others, per pair
  branch_loss DOUBLE,                  -- pretraining: contrast of whole texts and pictures, nats
  score_spread DOUBLE,                 -- standard deviation of the scores that compete, each 0 .. 1
                                       -- (cosines -1 .. 1); mean over queries; near 0: collapsed
  wrong_above DOUBLE                   -- fraction of wrong answers that score above the right one,
                                       -- ties half; 0.5 is chance
);

-- Recall on held-out images while training went on. Fractions, 0 .. 1.
CREATE TABLE validation (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- updates made
  i2t_r1 DOUBLE,                       -- image to text: a right answer comes first
  i2t_r5 DOUBLE,                       -- image to text: a right answer is among the first five
  i2t_r10 DOUBLE,                      -- image to text: among the first ten
  t2i_r1 DOUBLE,                       -- text to image: the right answer comes first
  t2i_r5 DOUBLE,                       -- text to image: among the first five
  t2i_r10 DOUBLE,                      -- text to image: among the first ten
  rsum DOUBLE                          -- sum of the six, at most 6; the highest decides what is kept
);

-- How fast it went; measured, so two equal runs differ here.
CREATE TABLE training_speed (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- as in training_step
  seconds DOUBLE,                      -- wall time of this step
  pairs_per_second DOUBLE              -- image-text pairs through the encoder
);

-- How long it took to score every text with every image; measured.
CREATE TABLE scoring_speed (
  run VARCHAR NOT NULL,                -- stage_run.run
  pairs BIGINT,                        -- image-text pairs through the encoder
  seconds DOUBLE                       -- wall time of them all
);

-- Image-caption pairs that differ in one relation or attribute only (as in Winoground).
CREATE TABLE pair_score (
  run VARCHAR NOT NULL,                -- stage_run.run
  pair VARCHAR NOT NULL,               -- id of the pair of pairs
  kind VARCHAR,                        -- relation or attribute: what differs
  s00 DOUBLE,                          -- score of caption 0 with image 0 (right)
  s01 DOUBLE,                          -- score of caption 0 with image 1 (wrong)
  s10 DOUBLE,                          -- score of caption 1 with image 0 (wrong)
  s11 DOUBLE,                          -- score of caption 1 with image 1 (right)
  text_right BOOLEAN,                  -- for both images the right caption scores higher
  image_right BOOLEAN,                 -- for both captions the right image scores higher
  group_right BOOLEAN                  -- both
);

-- How many gold objects of an image a found region covers with IoU of at least 0.5.
CREATE TABLE region_coverage (
  run VARCHAR NOT NULL,                -- stage_run.run
  image VARCHAR NOT NULL,              -- id
  split VARCHAR,                       -- train, val, test or swap: where the image belongs
  objects INTEGER NOT NULL,            -- gold objects in the image
  covered INTEGER NOT NULL             -- of those, covered
);

-- How far the words' and the regions' relations of a matched pair are apart.
CREATE TABLE relation_distance (
  run VARCHAR NOT NULL,                -- stage_run.run
  split VARCHAR NOT NULL,              -- of the pair: val or test
  text VARCHAR NOT NULL,               -- id of the caption
  image VARCHAR NOT NULL,              -- id of its own image
  layer INTEGER NOT NULL,              -- whose self-attention, from 0
  alignment VARCHAR NOT NULL,          -- by which they are brought together: singular, distributed, …
  isd_text DOUBLE,                     -- self-attention distance over words (the paper's L), nats per
                                       -- row, both ways added; NULL for a caption without words
  isd_image DOUBLE,                    -- the same over regions (V)
  isda DOUBLE,                         -- the same over annotated objects, whatever the alignment; NULL
                                       -- for fewer than two objects
  objects INTEGER NOT NULL             -- annotated in the caption and shown by a region
);

-- Results that were made again to see whether they come out the same (`deno task verify`).
CREATE TABLE certificate (
  id VARCHAR NOT NULL,                 -- name of its file in state/certificates
  run VARCHAR NOT NULL,                -- stage_run.run
  label VARCHAR NOT NULL,              -- with its point, when it was verified
  kind VARCHAR NOT NULL,               -- what it uses, such as `fine_tune`
  verdict VARCHAR NOT NULL,            -- equal or different
  digest VARCHAR NOT NULL,             -- of the stored artifact, SHA-256
  remade VARCHAR NOT NULL,             -- of the one that was made again
  differing VARCHAR NOT NULL,          -- JSON list of the paths of files that differ
  verified TIMESTAMP NOT NULL,         -- when, UTC
  seconds DOUBLE,                      -- that making it again took
  made_on VARCHAR,                     -- machine on which the stored one was made
  host VARCHAR,                        -- machine on which it was made again
  versions VARCHAR                     -- JSON map: deno, library, device, threads
);

-- The last choice of parameters that was asked of each experiment, with its runs.
CREATE VIEW latest AS
SELECT e.name AS experiment, e.id AS experiment_id, e.asked, r.stage, r.label, r.position, s.status,
  s.kind, s.started, s.seconds, r.run
FROM (
  SELECT * FROM experiment
  QUALIFY row_number() OVER (PARTITION BY name ORDER BY asked DESC, id) = 1
) AS e
JOIN experiment_run AS r ON r.experiment = e.id
LEFT JOIN stage_run AS s ON s.run = r.run
ORDER BY e.name, r.position;

-- Every run with all runs it was made from, near and far; itself at distance 0.
CREATE VIEW ancestor AS
WITH RECURSIVE line(run, ancestor, distance) AS (
  SELECT run, run, 0 FROM stage_run
  UNION
  SELECT line.run, edge.input, line.distance + 1
  FROM line JOIN edge ON edge.run = line.ancestor
)
SELECT run, ancestor, min(distance) AS distance FROM line GROUP BY run, ancestor;

-- The alignment a run was trained with and the seed of that training: those of the nearest run
-- upstream that has a parameter `alignment`.
CREATE VIEW trained AS
SELECT a.run, p.value AS alignment, TRY_CAST(s.value AS BIGINT) AS seed
FROM ancestor AS a
JOIN parameter AS p ON p.run = a.ancestor AND p.name = 'alignment'
LEFT JOIN parameter AS s ON s.run = a.ancestor AND s.name = 'seed'
QUALIFY row_number() OVER (PARTITION BY a.run ORDER BY a.distance, a.ancestor) = 1;

-- Metrics of the last asking of each experiment, with the alignment they were trained with and the
-- seed of that training.
CREATE VIEW ablation AS
SELECT l.experiment, l.stage, t.alignment, t.seed, m.split,
  m.name AS metric, m.value, l.run
FROM latest AS l
JOIN metric AS m ON m.run = l.run
LEFT JOIN trained AS t ON t.run = l.run;

-- Every evaluated run that is complete, best first: recalls at 1 and the sum of all six recalls.
CREATE VIEW leaderboard AS
SELECT a.experiment, t.alignment, t.seed, m.split,
  max(m.value) FILTER (m.name = 'i2t_r1') AS i2t_r1,
  max(m.value) FILTER (m.name = 't2i_r1') AS t2i_r1,
  sum(m.value) FILTER (m.name SIMILAR TO '(i2t|t2i)_r(1|5|10)') AS recall_sum,
  a.label, a.asked, m.run
FROM metric AS m
JOIN (
  SELECT e.name AS experiment, r.run, r.label, max(e.asked) AS asked
  FROM experiment_run AS r JOIN experiment AS e ON e.id = r.experiment
  GROUP BY e.name, r.run, r.label
) AS a ON a.run = m.run
LEFT JOIN trained AS t ON t.run = m.run
GROUP BY a.experiment, t.alignment, t.seed, a.label, a.asked, m.split, m.run
HAVING i2t_r1 IS NOT NULL OR t2i_r1 IS NOT NULL
ORDER BY recall_sum DESC, a.label;

-- Where the time of the last asking of each experiment went, stage by stage: runs that were made for
-- it, and hits: runs that were there before. Seconds of wall time, added up; with --jobs runs go side
-- by side.
CREATE VIEW stage_time AS
SELECT experiment, stage, any_value(kind) AS kind, count(*) AS runs,
  count(*) FILTER (status = 'complete' AND started >= asked) AS made,
  count(*) FILTER (status = 'complete' AND started < asked) AS hits,
  coalesce(sum(seconds) FILTER (started >= asked), 0) AS seconds_made,
  coalesce(sum(seconds) FILTER (started < asked), 0) AS seconds_saved,
  max(seconds) AS slowest, min(position) AS position
FROM latest
GROUP BY experiment, stage
ORDER BY experiment, position;

-- How trainings of the last asking of each experiment went, step by step. Losses and norm as in
-- training_step, pairs_per_second as in training_speed, `seconds` of wall time in steps so far;
-- recalls of the validation after this step as fractions, NULL where there was none.
CREATE VIEW learning_curve AS
SELECT l.experiment, l.stage, l.label, t.alignment, t.seed, s.step, s.phase, s.loss, s.rank_loss,
  s.alignment_loss, s.lr, s.grad_norm, v.i2t_r1, v.t2i_r1, v.rsum, p.pairs_per_second,
  sum(p.seconds) OVER (PARTITION BY l.experiment, l.label, s.phase ORDER BY s.step) AS seconds,
  l.run
FROM latest AS l
JOIN training_step AS s ON s.run = l.run
LEFT JOIN training_speed AS p ON p.run = s.run AND p.step = s.step
LEFT JOIN validation AS v ON v.run = s.run AND v.step = s.step
LEFT JOIN trained AS t ON t.run = l.run;

-- Metrics of the last asking of each experiment over its seeds: how many runs, their mean, and the
-- sample standard deviation as spread (NULL for one run). `variant` are the other swept parameters.
CREATE VIEW seed_spread AS
WITH variant AS (
  SELECT experiment, run, string_agg(axis || '=' || value, ', ' ORDER BY axis) AS variant
  FROM run_point
  WHERE axis <> 'seed' AND axis NOT LIKE '%.seed'
  GROUP BY experiment, run
)
SELECT l.experiment, l.stage, t.alignment, v.variant, m.split, m.name AS metric,
  count(*) AS runs, avg(m.value) AS mean, stddev_samp(m.value) AS spread,
  min(m.value) AS lowest, max(m.value) AS highest
FROM latest AS l
JOIN metric AS m ON m.run = l.run
LEFT JOIN trained AS t ON t.run = l.run
LEFT JOIN variant AS v ON v.experiment = l.experiment_id AND v.run = l.run
GROUP BY l.experiment, l.stage, t.alignment, v.variant, m.split, m.name;
