// Submitting jobs.

#include "stores/conformance/conformance.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using support::new_job;

/// The answer to the n-th job of a submission: "a queued new".
std::string answer(const engine::Expected<std::vector<engine::Submitted>>& answers, std::size_t n = 0) {
  if (!answers) return "refused: " + answers.error().detail;
  const auto& [id, status, created] = answers->at(n);
  return id + " " + std::string(to_string(status)) + (created ? " new" : " known");
}

domain::NewJob other_content(std::string id) {
  auto job = new_job(std::move(id));
  job.payload = "2";
  return job;
}

/// The standard options, but "mail" has enough places and that many bytes.
EmbeddedOptions with_bytes(EmbeddedOptions options, std::size_t bytes) {
  options.queues.at(1).capacity = 9;
  options.queues.at(1).capacity_bytes = bytes;
  return options;
}

/// A job for "mail" whose payload has that many bytes.
domain::NewJob sized_mail(std::string id, std::size_t bytes) {
  auto job = new_mail(std::move(id));
  job.payload = std::string(bytes, '1');
  return job;
}

std::string pointer(const engine::Expected<std::vector<engine::Submitted>>& refused) {
  return refused || refused.error().fields.empty() ? "none" : refused.error().fields.front().pointer;
}

}  // namespace

TEST_P(StoreConformance, ANewJobIsQueuedAsItCame) {
  EXPECT_EQ(answer(submit({.id = "a", .payload = R"({ "x" : 1 })", .max_retries = 7, .priority = -3})),
            "a queued new");
  const auto found = job("a");
  EXPECT_EQ(found.id, "a");
  EXPECT_EQ(found.queue, "default");
  EXPECT_EQ(found.payload, R"({ "x" : 1 })");
  EXPECT_EQ(found.progress, (domain::Progress{.status = Status::queued, .reason = Reason::ready}));
  EXPECT_EQ(found.max_retries, 7);
  EXPECT_EQ(found.priority, -3);
  EXPECT_EQ(found.enqueued_at, clock.now().wall);
  EXPECT_FALSE(found.run_at || found.started_at || found.finished_at || found.result || found.timeout);
}

TEST_P(StoreConformance, MaxRetriesDefaultsToThatOfTheQueue) {
  submit({new_job("a"), new_mail("b")}).value();
  EXPECT_EQ(job("a").max_retries, 0);
  EXPECT_EQ(job("b").max_retries, 3);
}

TEST_P(StoreConformance, AnArrayIsAnsweredInTheOrderGiven) {
  const auto answers = submit({new_job("c"), new_mail("a"), new_job("b")});
  EXPECT_EQ(answer(answers, 0), "c queued new");
  EXPECT_EQ(answer(answers, 1), "a queued new");
  EXPECT_EQ(answer(answers, 2), "b queued new");
}

TEST_P(StoreConformance, ARepeatedJobIsNotMadeTwice) {
  submit(new_job("a")).value();
  EXPECT_EQ(answer(submit(new_job("a"))), "a queued known");
  EXPECT_EQ(count(Status::queued), 1U);
}

TEST_P(StoreConformance, ARepeatedJobIsAnsweredWithItsPresentStatus) {
  const auto claim = start("a");
  EXPECT_EQ(answer(submit(new_job("a"))), "a running known");
  support::settle(*store, claim, engine::Done{});
  EXPECT_EQ(answer(submit(new_job("a"))), "a done known");
}

TEST_P(StoreConformance, ARepeatedJobNeedsNoPlace) {
  submit({new_mail("a"), new_mail("b")}).value();
  EXPECT_EQ(answer(submit(new_mail("a"))), "a queued known");
}

TEST_P(StoreConformance, TheSameJobTwiceInOneArrayIsOneJob) {
  const auto answers = submit({new_job("a"), new_job("a")});
  EXPECT_EQ(answer(answers, 0), "a queued new");
  EXPECT_EQ(answer(answers, 1), "a queued known");
  EXPECT_EQ(count(Status::queued), 1U);
}

TEST_P(StoreConformance, TheSameIdWithOtherContentIsAConflict) {
  submit(new_job("a")).value();
  const auto refused = submit(other_content("a"));
  EXPECT_EQ(code(refused), ErrorCode::id_conflict);
  EXPECT_EQ(pointer(refused), "/0/id");
  EXPECT_EQ(job("a").payload, new_job("a").payload);
}

TEST_P(StoreConformance, AConflictInsideOneArrayIsOneToo) {
  EXPECT_EQ(code(submit({new_job("a"), other_content("a")})), ErrorCode::id_conflict);
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
}

TEST_P(StoreConformance, AnArrayWithAConflictIsRefusedAsAWhole) {
  submit(new_job("b")).value();
  const auto refused = submit({new_job("a"), other_content("b"), new_job("c")});
  EXPECT_EQ(code(refused), ErrorCode::id_conflict);
  EXPECT_EQ(pointer(refused), "/1/id");
  EXPECT_EQ(code(find("a")), ErrorCode::job_not_found);
  EXPECT_EQ(code(find("c")), ErrorCode::job_not_found);
  EXPECT_EQ(count(Status::queued), 1U);
}

TEST_P(StoreConformance, AnUnknownQueueIsRefused) {
  auto lost = new_job("a");
  lost.queue = "nowhere";
  const auto refused = submit(lost);
  EXPECT_EQ(code(refused), ErrorCode::queue_not_found);
  EXPECT_EQ(pointer(refused), "/0/queue");
  EXPECT_EQ(pointer(submit({new_job("b"), lost})), "/1/queue");
  EXPECT_EQ(count(Status::queued), 0U);
}

TEST_P(StoreConformance, AFullQueueRefusesNewJobs) {
  submit({new_mail("a"), new_mail("b")}).value();
  EXPECT_EQ(code(submit(new_mail("c"))), ErrorCode::queue_full);
  EXPECT_EQ(code(find("c")), ErrorCode::job_not_found);
  EXPECT_EQ(code(submit(new_job("d"))), std::nullopt);
}

TEST_P(StoreConformance, AnArrayIsRefusedIfOnlyAPartOfItFits) {
  submit(new_mail("a")).value();
  EXPECT_EQ(code(submit({new_job("x"), new_mail("b"), new_mail("c")})), ErrorCode::queue_full);
  EXPECT_EQ(count(Status::queued), 1U);
  EXPECT_EQ(code(submit(new_mail("b"))), std::nullopt);
}

TEST_P(StoreConformance, ARefusedArrayHoldsNoPlacesInOtherQueues) {
  submit({new_mail("a"), new_mail("b")}).value();
  std::vector<domain::NewJob> jobs{new_mail("c")};
  for (int i = 0; i < 64; ++i) jobs.push_back(new_job(std::to_string(i)));
  EXPECT_EQ(code(submit(jobs)), ErrorCode::queue_full);
  jobs.erase(jobs.begin());
  EXPECT_EQ(code(submit(jobs)), std::nullopt);
}

TEST_P(StoreConformance, AnArrayThatCanNeverFitIsNoMatterOfWaiting) {
  EXPECT_EQ(code(submit({new_mail("a"), new_mail("b"), new_mail("c")})), ErrorCode::invalid_field);
  EXPECT_EQ(count(Status::queued), 0U);
}

TEST_P(StoreConformance, DelayedJobsTakePlaces) {
  auto later = new_mail("a");
  later.delay = milliseconds{5'000};
  submit({later, new_mail("b")}).value();
  EXPECT_EQ(code(submit(new_mail("c"))), ErrorCode::queue_full);
}

TEST_P(StoreConformance, RunningAndFinishedJobsTakeNoPlaces) {
  start(new_mail("a"));
  support::settle(*store, start(new_mail("b")), engine::Done{});
  EXPECT_EQ(code(submit({new_mail("c"), new_mail("d")})), std::nullopt);
}

TEST_P(StoreConformance, JobsThatBackOffTakePlaces) {
  support::settle(*store, start(new_mail("a")), engine::Retry{.error = "e", .after = milliseconds{5'000}});
  submit(new_mail("b")).value();
  EXPECT_EQ(code(submit(new_mail("c"))), ErrorCode::queue_full);
}

TEST_P(StoreConformance, JobsThatComeBackMayOverfillAQueueThatThenRefusesNewOnes) {
  const std::array claims{start(new_mail("a")), start(new_mail("b"))};
  submit({new_mail("c"), new_mail("d")}).value();
  support::settle(*store, claims[0], engine::Interrupted{});
  support::settle(*store, claims[1], engine::Retry{.error = "e", .after = milliseconds{1}});
  EXPECT_EQ(count(Status::queued), 4U);
  EXPECT_EQ(code(submit(new_mail("e"))), ErrorCode::queue_full);
  advance(milliseconds{1});
  for (int i = 0; i < 2; ++i) (void)claim("mail");
  EXPECT_EQ(code(submit(new_mail("e"))), ErrorCode::queue_full);
  (void)claim("mail");
  EXPECT_EQ(code(submit(new_mail("e"))), std::nullopt);
}

TEST_P(StoreConformance, AQueueRefusesMoreBytesThanItMayHold) {
  open(with_bytes(options(), 10));
  submit({sized_mail("a", 4), sized_mail("b", 3)}).value();
  EXPECT_EQ(store->queues().at(1).queued_bytes, 9U) << "ids and payloads";
  EXPECT_EQ(store->queues().at(1).capacity_bytes, 10U);
  EXPECT_EQ(store->queues().at(0).capacity_bytes, std::nullopt);
  const auto refused = submit(sized_mail("c", 1));
  EXPECT_EQ(code(refused), ErrorCode::queue_full);
  EXPECT_EQ(refused.error().detail,
            "queue \"mail\" has a capacity_bytes of 10B and no room for 2 more bytes of ids and payloads");
  EXPECT_EQ(code(find("c")), ErrorCode::job_not_found);
  EXPECT_EQ(code(submit(new_job("in another queue"))), std::nullopt);
  const auto running = claim("mail");
  EXPECT_EQ(store->queues().at(1).queued_bytes, 4U);
  EXPECT_EQ(code(submit(sized_mail("c", 5))), std::nullopt);
  support::settle(*store, running, engine::Retry{.error = "e", .after = milliseconds{5'000}});
  EXPECT_EQ(store->queues().at(1).queued_bytes, 15U) << "old jobs always come back";
  EXPECT_EQ(code(remove("c")), std::nullopt);
  EXPECT_EQ(code(cancel("a")), std::nullopt);
  EXPECT_EQ(store->queues().at(1).queued_bytes, 4U);
}

TEST_P(StoreConformance, AnArrayWithTooManyBytesCanNeverFit) {
  open(with_bytes(options(), 10));
  const auto refused = submit({sized_mail("a", 4), new_job("x"), sized_mail("b", 5)});
  EXPECT_EQ(code(refused), ErrorCode::invalid_field);
  EXPECT_EQ(refused.error().detail,
            "11 bytes of ids and payloads can never fit queue \"mail\", which has a capacity_bytes of 10B");
  EXPECT_EQ(refused.error().fields.at(0).detail, "at most 10B of ids and payloads for this queue");
  EXPECT_EQ(count(Status::queued), 0U);
  EXPECT_EQ(code(submit({sized_mail("a", 4), sized_mail("b", 4)})), std::nullopt) << "it took nothing";
}

TEST_P(StoreConformance, AQueueFollowsANewLimitOfBytes) {
  submit(sized_mail("a", 4)).value();
  EXPECT_TRUE(store->configure({.name = "mail", .capacity_bytes = 6}));
  EXPECT_EQ(code(submit(sized_mail("b", 1))), ErrorCode::queue_full);
  EXPECT_TRUE(store->configure({.name = "mail", .capacity_bytes = 7}));
  EXPECT_EQ(code(submit(sized_mail("b", 1))), std::nullopt);
}

TEST_P(StoreConformance, AnEmptyArrayIsDoneAtOnce) {
  const auto answers = submit(std::vector<domain::NewJob>{});
  ASSERT_TRUE(answers.has_value());
  EXPECT_TRUE(answers->empty());
}

}  // namespace jobqd::stores
