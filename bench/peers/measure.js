'use strict';
// node measure.js PEER MODE NAME=VALUE...
//
// What the load generator is for the other systems, for those whose clients are in Node: one line of JSON with the same
// names. A peer is a module with open({port, connections}), which resolves to
//   enqueue(i)         one job, on connection i; resolves once it is acknowledged
//   enqueueMany(count) an array of jobs
//   work(onJob)        takes jobs as fast as it can
//   watch(onJob)       takes jobs as soon as it can, where that is done differently

const [, , name, mode, ...settings] = process.argv;
const peer = require(`./${name}.js`);
const options = Object.fromEntries(settings.map((text) => text.split('=')));
const number = (key, otherwise) => (key in options ? Number(options[key]) : otherwise);

const now = () => Number(process.hrtime.bigint()) / 1e9;
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

class Tally {
  constructor() {
    this.jobs = 0;
    this.errors = 0;
    this.latencies = [];
    this.started = now();
    this.cpuStarted = process.cpuUsage();
  }

  add(since, jobs) {
    this.latencies.push((now() - since) * 1e6);
    this.jobs += jobs;
  }

  stop() {
    this.seconds = now() - this.started;
    const cpu = process.cpuUsage(this.cpuStarted);
    this.cpu = (cpu.user + cpu.system) / 1e6 / this.seconds;
  }

  report(more = {}) {
    const result = { jobs: this.jobs, errors: this.errors, seconds: this.seconds, rate: this.jobs / this.seconds,
      client_cpu: this.cpu };
    const sorted = this.latencies.sort((a, b) => a - b);
    if (sorted.length) {
      for (const [key, share] of [['p50', 0.5], ['p99', 0.99], ['p999', 0.999]])
        result[key] = sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
    }
    console.log(JSON.stringify({ ...result, ...more }));
  }
}

async function enqueue(queue, connections) {
  const batch = number('batch', 1);
  const seconds = number('seconds', 1);
  await Promise.all([...Array(connections).keys()].map((i) => queue.enqueue(i))); // Connections open when first used.
  const tally = new Tally();
  const loop = async (i) => {
    while (now() - tally.started < seconds) {
      const since = now();
      try {
        await (batch === 1 ? queue.enqueue(i) : queue.enqueueMany(batch));
        tally.add(since, batch);
      } catch {
        tally.errors += 1;
      }
    }
  };
  await Promise.all([...Array(connections).keys()].map(loop));
  tally.stop();
  tally.report();
}

async function fill(queue) {
  const count = number('count');
  const tally = new Tally();
  const loop = async () => {
    while (tally.jobs < count) {
      const some = Math.min(1000, count - tally.jobs);
      tally.jobs += some;
      await queue.enqueueMany(some);
    }
  };
  await Promise.all([loop(), loop()]);
  tally.stop();
  tally.report();
}

async function drain(queue) {
  const count = number('count');
  const tally = new Tally();
  await new Promise((done) => {
    setTimeout(done, number('seconds', 1) * 1000);
    queue.work(() => {
      tally.jobs += 1;
      if (tally.jobs === count) done();
    });
  });
  tally.stop();
  tally.report();
}

async function latency(queue) {
  const count = number('count');
  const deadline = now() + number('seconds', 1);
  let arrived;
  await (queue.watch || queue.work)(() => arrived && arrived());
  await sleep(0.3);
  const warmUp = Math.min(20, Math.floor(count / 10));
  const tally = new Tally();
  for (let i = 0; i < count && now() < deadline; i += 1) {
    // The pauses differ, so that nobody polls in step with us.
    await sleep(0.002 + (peer.pollSeconds || 0.003) * Math.random());
    const since = now();
    const job = new Promise((done) => { arrived = done; });
    await queue.enqueue(0);
    await job;
    if (i >= warmUp) tally.add(since, 1);
  }
  tally.stop();
  tally.report();
}

async function paced(queue, connections) {
  const rate = number('rate');
  const seconds = number('seconds', 1);
  let delivered = 0;
  let accepted = 0;
  queue.work(() => { delivered += 1; });
  await sleep(0.3);
  const tally = new Tally();
  let released = 0;
  const under = new Set();
  for (let elapsed = 0; elapsed < seconds; elapsed = now() - tally.started) {
    for (; released < elapsed * rate; released += 1) {
      const since = now();
      const sent = queue.enqueue(released % connections)
        .then(() => { accepted += 1; tally.add(since, 1); }, () => { tally.errors += 1; })
        .then(() => under.delete(sent));
      under.add(sent);
    }
    await sleep(0.001);
  }
  tally.stop();
  const ended = now();
  await Promise.all(under);
  while (delivered < accepted && now() - ended < 10) await sleep(0.001);
  tally.report({ delivered, behind_ms: (now() - ended) * 1000 });
}

async function main() {
  const connections = number('connections', 8);
  const queue = await peer.open({ port: number('port'), connections });
  const modes = { enqueue, fill, drain, latency, paced };
  await modes[mode](queue, connections);
  process.exit(0); // Without ado: the server is thrown away too.
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
