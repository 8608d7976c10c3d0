-- The result database: an index of the artifacts in the same folder, which can be rebuilt from them at
-- any time (`deno task rebuild`). `run` is always the key of a stage run: 64 hexadecimal digits, a
-- digest of everything that decides its result.
--
-- Version 17. To change a table, raise `schemaVersion` in results/database/schema.ts and add a step to
-- results/database/migrations.ts; new columns come last. A changed view needs a new version, too.
-- The database contains these comments: SELECT * FROM duckdb_columns() WHERE NOT internal.
-- Over 300 lines, because the schema is created, exported and documented as one file.

-- Version of this schema that the file has; one row.
CREATE TABLE schema_version (
  version INTEGER NOT NULL             -- version of schema.sql
);

-- Requests: one row per experiment and choice of parameters, so other `--set` options give another row.
CREATE TABLE experiment (
  id VARCHAR NOT NULL,                 -- digest of name, file, baseline, comparison and the required runs
  name VARCHAR NOT NULL,               -- `name` in the file
  file VARCHAR NOT NULL,               -- path of the file as given on the command line
  compare VARCHAR,                     -- published results to compare with, such as flickr30k_1k
  requested TIMESTAMP NOT NULL         -- when it was last requested, UTC
);

-- The variant that the others of an experiment are compared with.
CREATE TABLE baseline (
  experiment VARCHAR NOT NULL,         -- experiment.id
  axis VARCHAR NOT NULL,               -- name of a swept parameter
  value VARCHAR NOT NULL               -- its value in the baseline, as text
);

-- Runs that an experiment needs, and what it calls them. Experiments can share runs; points of a stage
-- that share a run are one row here.
CREATE TABLE experiment_run (
  experiment VARCHAR NOT NULL,         -- experiment.id
  run VARCHAR NOT NULL,                -- stage_run.run
  stage VARCHAR NOT NULL,              -- name of the stage in the experiment, such as `tuned`
  label VARCHAR NOT NULL,              -- with the swept values, such as `tuned[alignment=none,seed=1]`;
                                       -- of points that share the run, the first
  position INTEGER NOT NULL            -- in an order in which the experiment's runs can be made, from 0
);

-- Values of swept parameters, of the run itself and of the stages it reads from. A parameter that has no
-- effect on a run has no row. Several points can share a run, such as two files with the same content.
CREATE TABLE run_point (
  experiment VARCHAR NOT NULL,         -- experiment.id
  run VARCHAR NOT NULL,                -- stage_run.run
  axis VARCHAR NOT NULL,               -- swept parameter; `stage.parameter` where two share a name
  value VARCHAR NOT NULL,              -- as text
  label VARCHAR NOT NULL               -- the point, such as `tuned[alignment=none,seed=1]`
);

-- One row per stage run, which makes one artifact.
CREATE TABLE stage_run (
  run VARCHAR NOT NULL,                -- the key
  stage VARCHAR NOT NULL,              -- stage name in the experiment that made it, such as `tuned`
  kind VARCHAR NOT NULL,               -- kind of the stage, such as `fine_tune`
  label VARCHAR NOT NULL,              -- with the swept values, in the experiment that made it
  status VARCHAR NOT NULL,             -- running, complete, failed, stopped, interrupted
  why VARCHAR,                         -- why it had to run
  started TIMESTAMP,                   -- UTC
  seconds DOUBLE,                      -- from start to end; of the last attempt if it was resumed
  host VARCHAR,                        -- name of the machine
  device VARCHAR,                      -- cpu or gpu; NULL for stages without TensorFlow
  code VARCHAR,                        -- digest of the stage's code
  versions VARCHAR                     -- JSON map: deno, library, threads and so on
);

-- Which run read the artifact of which.
CREATE TABLE edge (
  run VARCHAR NOT NULL,                -- the reader
  port VARCHAR NOT NULL,               -- name of its input, such as `model`
  input VARCHAR NOT NULL               -- the run whose artifact was read
);

-- Files from outside the store that runs read: data, checkpoints.
CREATE TABLE outside_file (
  run VARCHAR NOT NULL,                -- stage_run.run
  role VARCHAR NOT NULL,               -- what the stage calls the files
  digest VARCHAR NOT NULL              -- over names and contents of the files
);

-- Parameters of runs, defaults included.
CREATE TABLE parameter (
  run VARCHAR NOT NULL,                -- stage_run.run
  name VARCHAR NOT NULL,               -- as in the experiment file, such as `steps`
  value VARCHAR,                       -- as text; lists and maps as JSON
  number DOUBLE,                       -- the value, if it is a number
  flag BOOLEAN                         -- the value, if it is true or false
);

-- Complete artifacts.
CREATE TABLE artifact (
  run VARCHAR NOT NULL,                -- stage_run.run
  kind VARCHAR NOT NULL,               -- scenes, features, model, recall, …
  folder VARCHAR NOT NULL,             -- relative to the results folder
  digest VARCHAR NOT NULL,             -- SHA-256 over names, sizes and contents of its files
  files INTEGER NOT NULL,              -- number of files
  bytes BIGINT NOT NULL                -- total size of its files
);

-- Results of evaluations, analyses and trainings as single numbers.
CREATE TABLE metric (
  run VARCHAR NOT NULL,                -- stage_run.run
  name VARCHAR NOT NULL,               -- i2t_r1 … t2i_r10, rsum, i2t_median_rank, i2t_mean_rank,
                                       -- i2t_mrr, i2t_ndcg …; fold5_…: means over 5 folds;
                                       -- positives_…: with additional correct answers counted;
                                       -- rerank_…: ranking only a shortlist;
                                       -- pair_text, pair_image, pair_group: swapped pairs;
                                       -- release_…: as the published release computes them;
                                       -- isd_…, isda, entropy_…, relative_isd_…: of the last layer
                                       -- measured, see relation_layer; collapsed: 1 if training ended
                                       -- at chance level or with all scores equal; flattened: 1 if the
                                       -- aligned attention is uniform at its end; …
  split VARCHAR,                       -- train, val, test or swap; NULL if none applies
  value DOUBLE                         -- recalls and accuracies as fractions 0 .. 1; ranks from 1
);

-- Rank of the first correct answer to each query.
CREATE TABLE query_rank (
  run VARCHAR NOT NULL,                -- stage_run.run
  direction VARCHAR NOT NULL,          -- i2t: images query captions; t2i: captions query images
  query VARCHAR NOT NULL,              -- id of the image or caption
  split VARCHAR,                       -- split of the query
  rank INTEGER NOT NULL,               -- of the best correct answer, from 1
  ties INTEGER,                        -- other answers with the same score as the best correct one
  top_ids VARCHAR,                     -- JSON list of the ten best ids, best first
  top_scores VARCHAR,                  -- JSON list of their scores
  image VARCHAR,                       -- id of the query image, or of the image the caption describes
  right_ranks VARCHAR,                 -- JSON list: ranks of all correct answers, ascending
  fold INTEGER,                        -- fold of the split, from 1; NULL without folds
  fold_rank INTEGER,                   -- of the best correct answer within the fold
  positive_ranks VARCHAR,              -- as right_ranks, for the answers that `positives` lists
  rerank_rank INTEGER,                 -- as rank, if only the shortlist of the dual encoder is ranked
  rerank_found BOOLEAN,                -- whether a correct answer is on that shortlist
  family VARCHAR                       -- family of that image: the same objects, arranged otherwise;
                                       -- NULL without families
);

-- One row per optimiser step.
CREATE TABLE training_step (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- from 1
  phase VARCHAR,                       -- pretrain or fine_tune
  loss DOUBLE,                         -- minimised by training
  rank_loss DOUBLE,                    -- margin ranking loss over hard negatives; pretraining:
                                       -- in-batch ranking of pairs, nats
  alignment_loss DOUBLE,               -- intra-modal self-attention alignment (IAIS), unweighted
  alignment_weight DOUBLE,             -- annealed weight of alignment_loss
  masked_word_loss DOUBLE,             -- pretraining: cross entropy of masked words, nats per word
  matching_loss DOUBLE,                -- pretraining: cross entropy of image-text matching, nats
  matching_accuracy DOUBLE,            -- pretraining: accuracy of image-text matching, 0 .. 1
  contrast_loss DOUBLE,                -- pretraining: word-region contrastive loss, nats
  lr DOUBLE,                           -- learning rate
  grad_norm DOUBLE,                    -- global L2 norm of the gradient before clipping
  task VARCHAR,                        -- pretraining: task of this step; joint if it trains all
  masked_region_loss DOUBLE,           -- pretraining: mean squared error of masked region features
  region_class_loss DOUBLE,            -- pretraining: KL divergence of masked region classes, nats
  transport_loss DOUBLE,               -- pretraining: optimal transport between words and regions,
                                       -- matched minus mismatched pairs, per pair
  branch_loss DOUBLE,                  -- pretraining: contrastive loss of the dual encoder, nats
  score_spread DOUBLE,                 -- standard deviation of the scores of a query's candidates,
                                       -- 0 .. 1 (cosines -1 .. 1), averaged over queries; near 0 the
                                       -- model scores all candidates alike (it has collapsed)
  wrong_above DOUBLE,                  -- fraction of wrong answers that score above the correct one,
                                       -- ties count half; 0.5 is chance level
  attention_entropy DOUBLE             -- entropy of the aligned attention of matching pairs, 0 .. 1 as
                                       -- in relation_distance, over words and regions; near 1 it says
                                       -- nothing, and so does alignment_loss
);

-- Recall on held-out images during training, as fractions 0 .. 1.
CREATE TABLE validation (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- optimiser steps so far
  i2t_r1 DOUBLE,                       -- image to text: a correct answer ranks first
  i2t_r5 DOUBLE,                       -- image to text: among the first five
  i2t_r10 DOUBLE,                      -- image to text: among the first ten
  t2i_r1 DOUBLE,                       -- text to image: the correct answer ranks first
  t2i_r5 DOUBLE,                       -- text to image: among the first five
  t2i_r10 DOUBLE,                      -- text to image: among the first ten
  rsum DOUBLE,                         -- sum of the six, at most 6; the best model is kept
  pair_text DOUBLE,                    -- swapped pairs: both captions chosen correctly; NULL without
  pair_image DOUBLE,                   -- swapped pairs: both images chosen correctly
  pair_group DOUBLE                    -- swapped pairs: all four
);

-- Training speed; measured, so equal runs differ here.
CREATE TABLE training_speed (
  run VARCHAR NOT NULL,                -- stage_run.run
  step INTEGER NOT NULL,               -- as in training_step
  seconds DOUBLE,                      -- wall time of this step
  pairs_per_second DOUBLE              -- image-text pairs encoded
);

-- Time to score every text with every image; measured.
CREATE TABLE scoring_speed (
  run VARCHAR NOT NULL,                -- stage_run.run
  pairs BIGINT,                        -- image-text pairs encoded
  seconds DOUBLE                       -- wall time of all of them
);

-- Two image-caption pairs that differ in a single relation or attribute (as in Winoground).
CREATE TABLE pair_score (
  run VARCHAR NOT NULL,                -- stage_run.run
  pair VARCHAR NOT NULL,               -- id of the two pairs
  kind VARCHAR,                        -- what differs: relation or attribute
  s00 DOUBLE,                          -- score of caption 0 with image 0 (matched)
  s01 DOUBLE,                          -- score of caption 0 with image 1 (mismatched)
  s10 DOUBLE,                          -- score of caption 1 with image 0 (mismatched)
  s11 DOUBLE,                          -- score of caption 1 with image 1 (matched)
  text_right BOOLEAN,                  -- for both images the matching caption scores higher
  image_right BOOLEAN,                 -- for both captions the matching image scores higher
  group_right BOOLEAN,                 -- both
  family VARCHAR                       -- family of both images; NULL without families
);

-- Candidates of a choice (stage `choose`): points of a swept stage that differ along the named axes.
CREATE TABLE choice (
  run VARCHAR NOT NULL,                -- stage_run.run of the choice
  position INTEGER NOT NULL,           -- in the order of the experiment file, from 1
  point VARCHAR NOT NULL,              -- such as `alignment_weight=2`; the run read the candidate at
                                       -- the port `from[alignment_weight=2]` (table edge)
  metric VARCHAR NOT NULL,             -- metric that decided
  split VARCHAR NOT NULL,              -- split that it was measured on
  value DOUBLE,                        -- its value for this candidate
  chosen BOOLEAN NOT NULL              -- true for one candidate: the best, of equal ones the first
);

-- Annotated objects of an image that a detected region covers with an IoU of at least 0.5.
CREATE TABLE region_coverage (
  run VARCHAR NOT NULL,                -- stage_run.run
  image VARCHAR NOT NULL,              -- id
  split VARCHAR,                       -- train, val, test or swap
  objects INTEGER NOT NULL,            -- annotated objects in the image
  covered INTEGER NOT NULL             -- how many of them are covered
);

-- Distance between the word and region self-attentions (relations) of a matched pair.
CREATE TABLE relation_distance (
  run VARCHAR NOT NULL,                -- stage_run.run
  split VARCHAR NOT NULL,              -- split of the pair: val or test
  text VARCHAR NOT NULL,               -- id of the caption
  image VARCHAR NOT NULL,              -- id of its image
  layer INTEGER NOT NULL,              -- transformer layer, from 0
  alignment VARCHAR NOT NULL,          -- how words and regions are aligned: singular, distributed, …;
                                       -- …_sum: with rows divided by their sum, not by softmax
  isd_text DOUBLE,                     -- intra-modal self-attention distance (ISD) over words (the
                                       -- paper's L): KL divergence, both directions added, nats per
                                       -- row; NULL for a caption without words
  isd_image DOUBLE,                    -- the same over regions (V)
  isda DOUBLE,                         -- the same over annotated objects (ISDa), independent of the
                                       -- alignment; NULL for fewer than two objects
  objects INTEGER NOT NULL,            -- objects annotated in the caption and shown by a region
  entropy_text DOUBLE,                 -- mean over rows of entropy / log(row length) of the attention
                                       -- among words: 0 one word each, 1 uniform: says nothing;
                                       -- the same for all alignments; NULL for a caption without words
  entropy_image DOUBLE,                -- the same of the attention among regions
  entropy_cross DOUBLE,                -- the same of the attention from words to regions
  wrong_image VARCHAR,                 -- id of an image that the caption is not true of, of the same
                                       -- family if there are families, with as many regions; NULL if
                                       -- there is none
  isd_text_wrong DOUBLE,               -- isd_text of the caption with that image
  isd_image_wrong DOUBLE               -- isd_image of the caption with that image
);

-- Verifications: results that were recomputed and compared with the stored ones (`deno task verify`).
CREATE TABLE certificate (
  id VARCHAR NOT NULL,                 -- name of its file in state/certificates
  run VARCHAR NOT NULL,                -- stage_run.run
  label VARCHAR NOT NULL,              -- with the swept values, when it was verified
  kind VARCHAR NOT NULL,               -- kind of the stage, such as `fine_tune`
  verdict VARCHAR NOT NULL,            -- equal or different
  digest VARCHAR NOT NULL,             -- SHA-256 of the stored artifact
  remade VARCHAR NOT NULL,             -- SHA-256 of the recomputed artifact
  differing VARCHAR NOT NULL,          -- JSON list of the paths of files that differ
  verified TIMESTAMP NOT NULL,         -- when it was verified, UTC
  seconds DOUBLE,                      -- how long recomputing took
  made_on VARCHAR,                     -- machine that made the stored artifact
  host VARCHAR,                        -- machine that recomputed it
  versions VARCHAR                     -- JSON map: deno, library, device, threads
);

-- Files of the results folder that the database was filled from, as they were then: manifests of
-- artifacts, requests, failures, certificates. Only what has changed since is read again.
CREATE TABLE source_file (
  path VARCHAR NOT NULL,               -- relative to the results folder
  state VARCHAR NOT NULL,              -- size, modification and inode
  problem VARCHAR                      -- why nothing of it is in the database; NULL if it is
);

-- The latest complete request of each experiment, with its runs; the latest one if none is complete.
CREATE VIEW latest AS
SELECT e.name AS experiment, e.id AS experiment_id, e.requested, r.stage, r.label, r.position, s.status,
  s.kind, s.started, s.seconds, r.run
FROM (
  SELECT one.* FROM experiment AS one
  LEFT JOIN (
    SELECT n.experiment, bool_and(coalesce(d.status = 'complete', false)) AS complete
    FROM experiment_run AS n LEFT JOIN stage_run AS d ON d.run = n.run
    GROUP BY n.experiment
  ) AS state ON state.experiment = one.id
  QUALIFY row_number() OVER (
    PARTITION BY one.name ORDER BY coalesce(state.complete, false) DESC, one.requested DESC, one.id
  ) = 1
) AS e
JOIN experiment_run AS r ON r.experiment = e.id
LEFT JOIN stage_run AS s ON s.run = r.run
ORDER BY e.name, r.position;

-- Every run with all runs upstream of it; itself at distance 0.
CREATE VIEW ancestor AS
WITH RECURSIVE line(run, ancestor, distance) AS (
  SELECT run, run, 0 FROM stage_run
  UNION
  SELECT line.run, edge.input, line.distance + 1
  FROM line JOIN edge ON edge.run = line.ancestor
)
SELECT run, ancestor, min(distance) AS distance FROM line GROUP BY run, ancestor;

-- Means of relation_distance over the pairs of a split. `relative_…` is the ISD of captions with their
-- own image divided by that with a wrong image, both means over the same pairs plus 1e-5: at 1 the
-- distance does not know which image belongs to a caption, below 1 own pairs agree more.
CREATE VIEW relation_layer AS
SELECT run, split, layer, alignment, pairs, isd_text, isd_image,
  (if(own_text < 0, 0, own_text) + 1e-5) / (if(wrong_text < 0, 0, wrong_text) + 1e-5)
    AS relative_text,
  (if(own_image < 0, 0, own_image) + 1e-5) / (if(wrong_image < 0, 0, wrong_image) + 1e-5)
    AS relative_image,
  isda, entropy_text, entropy_image, entropy_cross
FROM (
  SELECT run, split, layer, alignment, count(*) AS pairs,
    avg(isd_text) FILTER (isfinite(isd_text)) AS isd_text,
    avg(isd_image) FILTER (isfinite(isd_image)) AS isd_image,
    avg(isd_text) FILTER (isfinite(isd_text) AND isfinite(isd_text_wrong)) AS own_text,
    avg(isd_text_wrong) FILTER (isfinite(isd_text) AND isfinite(isd_text_wrong)) AS wrong_text,
    avg(isd_image) FILTER (isfinite(isd_image) AND isfinite(isd_image_wrong)) AS own_image,
    avg(isd_image_wrong) FILTER (isfinite(isd_image) AND isfinite(isd_image_wrong)) AS wrong_image,
    avg(isda) FILTER (isfinite(isda)) AS isda,
    avg(entropy_text) FILTER (isfinite(entropy_text)) AS entropy_text,
    avg(entropy_image) FILTER (isfinite(entropy_image)) AS entropy_image,
    avg(entropy_cross) FILTER (isfinite(entropy_cross)) AS entropy_cross
  FROM relation_distance
  GROUP BY run, split, layer, alignment
);

-- As ancestor, but of a choice only what was chosen: the runs that a run's result goes back to.
CREATE VIEW lineage AS
WITH RECURSIVE kept AS (
  SELECT edge.run, edge.input FROM edge
  LEFT JOIN choice ON choice.run = edge.run AND ends_with(edge.port, '[' || choice.point || ']')
  WHERE coalesce(choice.chosen, true)
), line(run, ancestor, distance) AS (
  SELECT run, run, 0 FROM stage_run
  UNION
  SELECT line.run, kept.input, line.distance + 1
  FROM line JOIN kept ON kept.run = line.ancestor
)
SELECT run, ancestor, min(distance) AS distance FROM line GROUP BY run, ancestor;

-- The alignment that a run was trained with, and the seed of that training: those of the nearest
-- run in its lineage with a parameter `alignment`.
CREATE VIEW trained AS
SELECT a.run, p.value AS alignment, TRY_CAST(s.value AS BIGINT) AS seed
FROM lineage AS a
JOIN parameter AS p ON p.run = a.ancestor AND p.name = 'alignment'
LEFT JOIN parameter AS s ON s.run = a.ancestor AND s.name = 'seed'
QUALIFY row_number() OVER (PARTITION BY a.run ORDER BY a.distance, a.ancestor) = 1;

-- Metrics of the latest request of each experiment, with the alignment and seed of the training.
CREATE VIEW ablation AS
SELECT l.experiment, l.stage, t.alignment, t.seed, m.split,
  m.name AS metric, m.value, l.run
FROM latest AS l
JOIN metric AS m ON m.run = l.run
LEFT JOIN trained AS t ON t.run = l.run;

-- Every complete evaluation, best first: recalls at 1 and the sum of all six recalls.
CREATE VIEW leaderboard AS
SELECT a.experiment, t.alignment, t.seed, m.split,
  max(m.value) FILTER (m.name = 'i2t_r1') AS i2t_r1,
  max(m.value) FILTER (m.name = 't2i_r1') AS t2i_r1,
  sum(m.value) FILTER (m.name SIMILAR TO '(i2t|t2i)_r(1|5|10)') AS recall_sum,
  a.label, a.requested, m.run
FROM metric AS m
JOIN (
  SELECT e.name AS experiment, r.run, r.label, max(e.requested) AS requested
  FROM experiment_run AS r JOIN experiment AS e ON e.id = r.experiment
  GROUP BY e.name, r.run, r.label
) AS a ON a.run = m.run
LEFT JOIN trained AS t ON t.run = m.run
GROUP BY a.experiment, t.alignment, t.seed, a.label, a.requested, m.split, m.run
HAVING i2t_r1 IS NOT NULL OR t2i_r1 IS NOT NULL
ORDER BY recall_sum DESC, a.label;

-- Where the time of the latest request of each experiment went, stage by stage. `made` counts runs that
-- were made for it, `hits` runs that existed before. Seconds are wall time, summed over runs, which
-- overlap with --jobs.
CREATE VIEW stage_time AS
SELECT experiment, stage, any_value(kind) AS kind, count(*) AS runs,
  count(*) FILTER (status = 'complete' AND started >= requested) AS made,
  count(*) FILTER (status = 'complete' AND started < requested) AS hits,
  coalesce(sum(seconds) FILTER (started >= requested), 0) AS seconds_made,
  coalesce(sum(seconds) FILTER (started < requested), 0) AS seconds_saved,
  max(seconds) AS slowest, min(position) AS position
FROM latest
GROUP BY experiment, stage
ORDER BY experiment, position;

-- Trainings of the latest request of each experiment, step by step. Losses and norm as in
-- training_step, pairs_per_second as in training_speed; `seconds` is the wall time of all steps so
-- far; recalls and accuracy on swapped pairs of the validation after this step as fractions, NULL if
-- there was none.
CREATE VIEW learning_curve AS
SELECT l.experiment, l.stage, l.label, t.alignment, t.seed, s.step, s.phase, s.loss, s.rank_loss,
  s.alignment_loss, s.lr, s.grad_norm, v.i2t_r1, v.t2i_r1, v.rsum, v.pair_group, p.pairs_per_second,
  sum(p.seconds) OVER (PARTITION BY l.experiment, l.label, s.phase ORDER BY s.step) AS seconds,
  l.run
FROM latest AS l
JOIN training_step AS s ON s.run = l.run
LEFT JOIN training_speed AS p ON p.run = s.run AND p.step = s.step
LEFT JOIN validation AS v ON v.run = s.run AND v.step = s.step
LEFT JOIN trained AS t ON t.run = l.run;

-- Metrics of the latest request of each experiment over its seeds: number of runs, mean, and sample
-- standard deviation as spread (NULL for one run). `variant` lists the other swept parameters.
CREATE VIEW seed_spread AS
WITH axis_value AS (
  SELECT experiment, run, axis, string_agg(DISTINCT value, '|' ORDER BY value) AS value
  FROM run_point
  WHERE axis <> 'seed' AND axis NOT LIKE '%.seed'
  GROUP BY experiment, run, axis
), variant AS (
  SELECT experiment, run, string_agg(axis || '=' || value, ', ' ORDER BY axis) AS variant
  FROM axis_value
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
