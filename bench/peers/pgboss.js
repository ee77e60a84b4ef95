'use strict';
const PgBoss = require('pg-boss');

const data = { p: 'x'.repeat(92) }; // 100 bytes of JSON

exports.pollSeconds = 0.5; // the shortest that it allows

exports.open = async ({ port, connections }) => {
  const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const boss = new PgBoss({ connectionString, max: Math.min(connections, 64), supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('jobs');
  const loop = async (onJob) => {
    for (;;) {
      const jobs = await boss.fetch('jobs', { batchSize: 500 });
      if (jobs && jobs.length) {
        await boss.complete('jobs', jobs.map((job) => job.id));
        jobs.forEach(onJob);
      } else {
        await new Promise((done) => setTimeout(done, 10));
      }
    }
  };
  return {
    enqueue: () => boss.send('jobs', data),
    enqueueMany: (count) => boss.insert([...Array(count)].map(() => ({ name: 'jobs', data }))),
    work: (onJob) => { for (let i = 0; i < 4; i += 1) loop(onJob); },
    watch: (onJob) => boss.work('jobs', { pollingIntervalSeconds: exports.pollSeconds, batchSize: 1 },
      async () => onJob()),
  };
};
