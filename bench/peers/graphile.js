'use strict';
const { Logger, makeWorkerUtils, run } = require('graphile-worker');
const { Pool } = require('pg');

const payload = { p: 'x'.repeat(92) }; // 100 bytes of JSON
const logger = new Logger(() => () => {});
const localQueue = {
  worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};

exports.open = async ({ port, connections }) => {
  const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const pool = (max) => new Pool({ connectionString, max });
  const utils = await makeWorkerUtils({ pgPool: pool(Math.min(connections, 64)), logger });
  await utils.migrate();
  const start = (concurrency, onJob, preset) => run({
    pgPool: pool(concurrency + 2), concurrency, logger, noHandleSignals: true, pollInterval: 100, preset,
    taskList: { noop: async () => onJob() },
  });
  return {
    enqueue: () => utils.addJob('noop', payload),
    enqueueMany: (count) => utils.addJobs([...Array(count)].map(() => ({ identifier: 'noop', payload }))),
    work: (onJob) => start(24, onJob, localQueue),
    watch: (onJob) => start(2, onJob),
  };
};
