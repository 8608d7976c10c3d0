/**
 * Version of the schema -> statements that change tables and their rows to the next version. Views
 * and comments are recreated after the last step. If a step fails, the database is rebuilt from the
 * artifacts, so no step has to add rows that only artifacts hold.
 */
export const migrations: ReadonlyMap<number, string> = new Map([
  [
    1,
    `ALTER TABLE experiment RENAME TO experiment_before;
     CREATE TABLE experiment (
       id VARCHAR NOT NULL,
       name VARCHAR NOT NULL,
       file VARCHAR NOT NULL,
       compare VARCHAR,
       asked TIMESTAMP NOT NULL
     );
     INSERT INTO experiment SELECT id, name, file, NULL, asked FROM experiment_before;
     DROP TABLE experiment_before;
     CREATE TABLE outside_file (
       run VARCHAR NOT NULL,
       role VARCHAR NOT NULL,
       digest VARCHAR NOT NULL
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
     );`,
  ],
  [
    2,
    `CREATE TABLE relation_distance (
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
     );`,
  ],
  // Adds the views stage_time, learning_curve and seed_spread, and comments in the database.
  [3, ""],
  [
    4,
    `CREATE TABLE certificate (
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
     );`,
  ],
  [
    5,
    `ALTER TABLE training_step ADD COLUMN task VARCHAR;
     ALTER TABLE training_step ADD COLUMN masked_region_loss DOUBLE;
     ALTER TABLE training_step ADD COLUMN region_class_loss DOUBLE;
     ALTER TABLE training_step ADD COLUMN transport_loss DOUBLE;
     ALTER TABLE training_step ADD COLUMN branch_loss DOUBLE;
     ALTER TABLE training_step ADD COLUMN score_spread DOUBLE;
     ALTER TABLE training_step ADD COLUMN wrong_above DOUBLE;`,
  ],
  [6, `ALTER TABLE query_rank ADD COLUMN image VARCHAR;`],
  [
    7,
    `ALTER TABLE query_rank ADD COLUMN right_ranks VARCHAR;
     ALTER TABLE query_rank ADD COLUMN fold INTEGER;
     ALTER TABLE query_rank ADD COLUMN fold_rank INTEGER;
     ALTER TABLE query_rank ADD COLUMN positive_ranks VARCHAR;`,
  ],
  [
    8,
    `ALTER TABLE query_rank ADD COLUMN rerank_rank INTEGER;
     ALTER TABLE query_rank ADD COLUMN rerank_found BOOLEAN;`,
  ],
  [
    9,
    `ALTER TABLE training_step ADD COLUMN attention_entropy DOUBLE;
     ALTER TABLE relation_distance ADD COLUMN entropy_text DOUBLE;
     ALTER TABLE relation_distance ADD COLUMN entropy_image DOUBLE;
     ALTER TABLE relation_distance ADD COLUMN entropy_cross DOUBLE;
     ALTER TABLE relation_distance ADD COLUMN wrong_image VARCHAR;
     ALTER TABLE relation_distance ADD COLUMN isd_text_wrong DOUBLE;
     ALTER TABLE relation_distance ADD COLUMN isd_image_wrong DOUBLE;`,
  ],
  [10, `ALTER TABLE experiment RENAME COLUMN asked TO requested;`],
  [
    11,
    `ALTER TABLE query_rank ADD COLUMN family VARCHAR;
     ALTER TABLE pair_score ADD COLUMN family VARCHAR;`,
  ],
  [
    12,
    `CREATE TABLE choice (
       run VARCHAR NOT NULL,
       position INTEGER NOT NULL,
       point VARCHAR NOT NULL,
       metric VARCHAR NOT NULL,
       split VARCHAR NOT NULL,
       value DOUBLE,
       chosen BOOLEAN NOT NULL
     );`,
  ],
  [
    13,
    `ALTER TABLE validation ADD COLUMN pair_text DOUBLE;
     ALTER TABLE validation ADD COLUMN pair_image DOUBLE;
     ALTER TABLE validation ADD COLUMN pair_group DOUBLE;`,
  ],
  [
    14,
    `ALTER TABLE run_point RENAME TO run_point_before;
     CREATE TABLE run_point (
       experiment VARCHAR NOT NULL,
       run VARCHAR NOT NULL,
       axis VARCHAR NOT NULL,
       value VARCHAR NOT NULL,
       label VARCHAR NOT NULL
     );
     INSERT INTO run_point SELECT p.experiment, p.run, p.axis, p.value, min_by(r.label, r.position)
     FROM run_point_before AS p
     JOIN experiment_run AS r ON r.experiment = p.experiment AND r.run = p.run
     GROUP BY p.experiment, p.run, p.axis, p.value, p.rowid ORDER BY p.rowid;
     DROP TABLE run_point_before;
     DELETE FROM experiment_run AS r WHERE EXISTS (
       SELECT 1 FROM experiment_run AS o WHERE o.experiment = r.experiment AND o.run = r.run
         AND o.stage = r.stage AND o.position < r.position
     );`,
  ],
  // The view latest prefers complete requests.
  [15, ""],
  [
    16,
    `CREATE TABLE source_file (
       path VARCHAR NOT NULL,
       state VARCHAR NOT NULL,
       problem VARCHAR
     );`,
  ],
]);
