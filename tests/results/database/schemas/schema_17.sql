CREATE TABLE schema_version (
  version INTEGER NOT NULL
);
CREATE TABLE experiment (
  id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  file VARCHAR NOT NULL,
  compare VARCHAR,
  requested TIMESTAMP NOT NULL
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
  value VARCHAR NOT NULL,
  label VARCHAR NOT NULL
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
  top_scores VARCHAR,
  image VARCHAR,
  right_ranks VARCHAR,
  fold INTEGER,
  fold_rank INTEGER,
  positive_ranks VARCHAR,
  rerank_rank INTEGER,
  rerank_found BOOLEAN,
  family VARCHAR
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
  grad_norm DOUBLE,
  task VARCHAR,
  masked_region_loss DOUBLE,
  region_class_loss DOUBLE,
  transport_loss DOUBLE,
  branch_loss DOUBLE,
  score_spread DOUBLE,
  wrong_above DOUBLE,
  attention_entropy DOUBLE
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
  rsum DOUBLE,
  pair_text DOUBLE,
  pair_image DOUBLE,
  pair_group DOUBLE
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
  group_right BOOLEAN,
  family VARCHAR
);
CREATE TABLE choice (
  run VARCHAR NOT NULL,
  position INTEGER NOT NULL,
  point VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  split VARCHAR NOT NULL,
  value DOUBLE,
  chosen BOOLEAN NOT NULL
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
  objects INTEGER NOT NULL,
  entropy_text DOUBLE,
  entropy_image DOUBLE,
  entropy_cross DOUBLE,
  wrong_image VARCHAR,
  isd_text_wrong DOUBLE,
  isd_image_wrong DOUBLE
);
CREATE TABLE certificate (
  id VARCHAR NOT NULL,
  run VARCHAR NOT NULL,
  label VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  verdict VARCHAR NOT NULL,
  digest VARCHAR NOT NULL,
  remade VARCHAR NOT NULL,
  differing VARCHAR NOT NULL,
  verified TIMESTAMP NOT NULL,
  seconds DOUBLE,
  made_on VARCHAR,
  host VARCHAR,
  versions VARCHAR
);

CREATE TABLE source_file (
  path VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  problem VARCHAR
);
