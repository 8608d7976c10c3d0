CREATE TABLE schema_version (
  version INTEGER NOT NULL
);
CREATE TABLE experiment (
  id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  file VARCHAR NOT NULL,
  compare VARCHAR,
  asked TIMESTAMP NOT NULL
);
CREATE TABLE baseline (
  experiment VARCHAR NOT NULL,
  axis VARCHAR NOT NULL,
  value VARCHAR NOT NULL
);
CREATE TABLE experiment_run (
  experiment VARCHAR NOT NULL,
  run VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE run_point (
  experiment VARCHAR NOT NULL,
  run VARCHAR NOT NULL,
  axis VARCHAR NOT NULL,
  value VARCHAR NOT NULL
);
CREATE TABLE stage_run (
  run VARCHAR NOT NULL,
  stage VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  why VARCHAR,
  started TIMESTAMP,
  seconds DOUBLE,
  host VARCHAR,
  device VARCHAR,
  code VARCHAR,
  versions VARCHAR
);
CREATE TABLE edge (
  run VARCHAR NOT NULL,
  port VARCHAR NOT NULL,
  input VARCHAR NOT NULL
);
CREATE TABLE outside_file (
  run VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  digest VARCHAR NOT NULL
);
CREATE TABLE parameter (
  run VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  value VARCHAR,
  number DOUBLE,
  flag BOOLEAN
);
CREATE TABLE artifact (
  run VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  folder VARCHAR NOT NULL,
  digest VARCHAR NOT NULL,
  files INTEGER NOT NULL,
  bytes BIGINT NOT NULL
);
CREATE TABLE metric (
  run VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  split VARCHAR,
  value DOUBLE
);
CREATE TABLE query_rank (
  run VARCHAR NOT NULL,
  direction VARCHAR NOT NULL,
  query VARCHAR NOT NULL,
  split VARCHAR,
  rank INTEGER NOT NULL,
  ties INTEGER,
  top_ids VARCHAR,
  top_scores VARCHAR
);
CREATE TABLE training_step (
  run VARCHAR NOT NULL,
  step INTEGER NOT NULL,
  phase VARCHAR,
  loss DOUBLE,
  rank_loss DOUBLE,
  alignment_loss DOUBLE,
  alignment_weight DOUBLE,
  masked_word_loss DOUBLE,
  matching_loss DOUBLE,
  matching_accuracy DOUBLE,
  contrast_loss DOUBLE,
  lr DOUBLE,
  grad_norm DOUBLE
);
CREATE TABLE validation (
  run VARCHAR NOT NULL,
  step INTEGER NOT NULL,
  i2t_r1 DOUBLE,
  i2t_r5 DOUBLE,
  i2t_r10 DOUBLE,
  t2i_r1 DOUBLE,
  t2i_r5 DOUBLE,
  t2i_r10 DOUBLE,
  rsum DOUBLE
);
CREATE TABLE training_speed (
  run VARCHAR NOT NULL,
  step INTEGER NOT NULL,
  seconds DOUBLE,
  pairs_per_second DOUBLE
);
CREATE TABLE scoring_speed (
  run VARCHAR NOT NULL,
  pairs BIGINT,
  seconds DOUBLE
);
CREATE TABLE pair_score (
  run VARCHAR NOT NULL,
  pair VARCHAR NOT NULL,
  kind VARCHAR,
  s00 DOUBLE,
  s01 DOUBLE,
  s10 DOUBLE,
  s11 DOUBLE,
  text_right BOOLEAN,
  image_right BOOLEAN,
  group_right BOOLEAN
);
CREATE TABLE region_coverage (
  run VARCHAR NOT NULL,
  image VARCHAR NOT NULL,
  split VARCHAR,
  objects INTEGER NOT NULL,
  covered INTEGER NOT NULL
);
CREATE TABLE relation_distance (
  run VARCHAR NOT NULL,
  split VARCHAR NOT NULL,
  text VARCHAR NOT NULL,
  image VARCHAR NOT NULL,
  layer INTEGER NOT NULL,
  alignment VARCHAR NOT NULL,
  isd_text DOUBLE,
  isd_image DOUBLE,
  isda DOUBLE,
  objects INTEGER NOT NULL
);
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
CREATE VIEW ancestor AS
WITH RECURSIVE line(run, ancestor, distance) AS (
  SELECT run, run, 0 FROM stage_run
  UNION
  SELECT line.run, edge.input, line.distance + 1
  FROM line JOIN edge ON edge.run = line.ancestor
)
SELECT run, ancestor, min(distance) AS distance FROM line GROUP BY run, ancestor;
CREATE VIEW trained AS
SELECT a.run, p.value AS alignment, TRY_CAST(s.value AS BIGINT) AS seed
FROM ancestor AS a
JOIN parameter AS p ON p.run = a.ancestor AND p.name = 'alignment'
LEFT JOIN parameter AS s ON s.run = a.ancestor AND s.name = 'seed'
QUALIFY row_number() OVER (PARTITION BY a.run ORDER BY a.distance, a.ancestor) = 1;
CREATE VIEW ablation AS
SELECT l.experiment, l.stage, t.alignment, t.seed, m.split,
  m.name AS metric, m.value, l.run
FROM latest AS l
JOIN metric AS m ON m.run = l.run
LEFT JOIN trained AS t ON t.run = l.run;
CREATE VIEW leaderboard AS
SELECT e.name AS experiment, t.alignment, t.seed, m.split,
  max(m.value) FILTER (m.name = 'i2t_r1') AS i2t_r1,
  max(m.value) FILTER (m.name = 't2i_r1') AS t2i_r1,
  sum(m.value) FILTER (m.name SIMILAR TO '(i2t|t2i)_r(1|5|10)') AS recall_sum,
  r.label, max(e.asked) AS asked, m.run
FROM metric AS m
JOIN experiment_run AS r ON r.run = m.run
JOIN experiment AS e ON e.id = r.experiment
LEFT JOIN trained AS t ON t.run = m.run
GROUP BY e.name, t.alignment, t.seed, r.label, m.split, m.run
HAVING i2t_r1 IS NOT NULL OR t2i_r1 IS NOT NULL
ORDER BY recall_sum DESC, r.label;
