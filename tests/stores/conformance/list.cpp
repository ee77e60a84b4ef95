// Lists and counts.

#include "stores/conformance/conformance.hpp"
#include "support/caught.hpp"
#include "support/failing_allocation.hpp"

namespace jobqd::stores {

namespace {

using base::milliseconds;
using domain::ErrorCode;
using domain::Reason;
using domain::Status;
using support::new_job;

/// Makes the call once for each of its allocations, which fails; true once it has succeeded with all of them.
template <class Call>
bool fails_alone_without_memory(Call call) {
  for (std::size_t number = 1; number < 1'000; ++number) {
    try {
      const support::FailingAllocation failing(number);
      call();
      if (!support::FailingAllocation::happened()) return number > 1;
    } catch (const std::bad_alloc&) {
      continue;
    }
  }
  return false;
}

}  // namespace

TEST_P(StoreConformance, AListOfNothingIsEmptyAndTheLast) {
  const auto page = list({});
  EXPECT_TRUE(page.jobs.empty());
  EXPECT_EQ(page.next, 0U);
}

TEST_P(StoreConformance, AListShowsTheNewestFirst) {
  submit({new_job("b"), new_mail("c")}).value();
  submit(new_job("a")).value();
  EXPECT_EQ(ids(list({})), "a c b");
}

TEST_P(StoreConformance, AListShowsJobsInEveryStatus) {
  finish("a");
  finish("b", engine::Fail{.error = "e"});
  start("c");
  submit(new_job("d")).value();
  EXPECT_EQ(ids(list({})), "d c b a");
  EXPECT_EQ(ids(list({.status = Status::done})), "a");
  EXPECT_EQ(ids(list({.status = Status::failed})), "b");
  EXPECT_EQ(ids(list({.status = Status::running})), "c");
  EXPECT_EQ(ids(list({.status = Status::queued})), "d");
}

TEST_P(StoreConformance, AListMayBeOfOneQueue) {
  submit({new_mail("a"), new_job("b"), new_mail("c")}).value();
  EXPECT_EQ(ids(list({.queue = "mail"})), "c a");
  EXPECT_EQ(ids(list({.queue = "default"})), "b");
}

TEST_P(StoreConformance, FiltersWorkTogether) {
  submit({new_mail("a"), new_job("b"), new_mail("c")}).value();
  (void)claim("mail");
  EXPECT_EQ(ids(list({.queue = "mail", .status = Status::queued})), "c");
}

TEST_P(StoreConformance, AListOfAnUnknownQueueIsRefused) {
  support::Caught<engine::JobPage> caught;
  store->list({.queue = "nowhere"}, caught.callback());
  EXPECT_EQ(code(caught.result()), ErrorCode::queue_not_found);
}

TEST_P(StoreConformance, CursorsLeadThroughEveryJobOnce) {
  for (int i = 10; i < 17; ++i) submit(new_job(std::to_string(i))).value();
  std::string pages;
  engine::ListQuery query{.limit = 3};
  do {
    const auto page = list(query);
    EXPECT_LE(page.jobs.size(), 3U);
    pages += "[" + ids(page) + "]";
    query.before = page.next;
  } while (query.before != 0 && pages.size() < 100);
  EXPECT_TRUE(pages.starts_with("[16 15 14][13 12 11][10]")) << pages;
}

TEST_P(StoreConformance, CursorsKeepTheirPlaceWhileJobsComeAndGo) {
  for (const auto* id : {"a", "b", "c", "d", "e"}) submit(new_job(id)).value();
  const auto first = list({.limit = 2});
  EXPECT_EQ(ids(first), "e d");
  ASSERT_TRUE(remove("d") && remove("c"));
  submit(new_job("f")).value();
  EXPECT_EQ(ids(list({.before = first.next})), "b a");
}

TEST_P(StoreConformance, CursorsWorkWithFilters) {
  submit({new_job("a"), new_mail("b"), new_job("c"), new_mail("d"), new_job("e")}).value();
  const auto first = list({.queue = "default", .limit = 2});
  EXPECT_EQ(ids(first), "e c");
  EXPECT_EQ(ids(list({.queue = "default", .limit = 2, .before = first.next})), "a");
}

TEST_P(StoreConformance, AListIsBoundedByBytesButHasAJob) {
  for (const auto* id : {"a", "b", "c"}) {
    auto job = new_job(id);
    job.payload = R"("12345678")";
    submit(std::move(job)).value();
  }
  const auto one = list({.limit = 1}).bytes;
  EXPECT_GT(one, 100U) << "a job is more than its payload";
  const auto two = list({.max_bytes = 3 * one - 1});
  EXPECT_EQ(ids(two), "c b");
  EXPECT_EQ(two.bytes, 2 * one);
  const auto rest = list({.before = two.next, .max_bytes = 3 * one - 1});
  EXPECT_EQ(ids(rest), "a");
  EXPECT_EQ(rest.bytes, one);
  EXPECT_EQ(ids(list({.max_bytes = 3 * one})), "c b a");
  EXPECT_EQ(ids(list({.max_bytes = 1})), "c") << "one is always in it";
}

TEST_P(StoreConformance, AListIsBoundedByTheJobsItLooksAt) {
  submit({new_job("a"), new_mail("b"), new_mail("c"), new_job("d")}).value();
  const auto first = list({.queue = "mail", .max_looked_at = 2});
  EXPECT_EQ(ids(first), "c");
  EXPECT_EQ(first.looked_at, 2U);
  const auto second = list({.queue = "mail", .before = first.next, .max_looked_at = 10});
  EXPECT_EQ(ids(second), "b");
  EXPECT_EQ(second.looked_at, 2U);
  EXPECT_EQ(second.next, 0U);
}

TEST_P(StoreConformance, FailedJobsOfAQueueAreFoundBehindAnyNumberOfOthers) {
  submit(new_mail("a")).value();
  support::settle(*store, claim("mail"), engine::Fail{.error = "e"});
  submit(new_mail("b")).value();
  ASSERT_TRUE(cancel("b"));
  finish("other", engine::Fail{.error = "e"});
  for (int i = 0; i < 5; ++i) finish(std::to_string(i));
  const engine::ListQuery query{.queue = "mail", .status = Status::failed, .limit = 1, .max_looked_at = 2};
  const auto first = list(query);
  EXPECT_EQ(ids(first), "b");
  EXPECT_EQ(first.looked_at, 1U) << "none of the other jobs";
  auto rest = query;
  rest.before = first.next;
  const auto second = list(rest);
  EXPECT_EQ(ids(second), "a");
  EXPECT_EQ(second.looked_at, 1U);
  rest.before = second.next;
  EXPECT_EQ(ids(list(rest)), "");
  EXPECT_EQ(list(rest).next, 0U);

  ASSERT_TRUE(retry("b"));
  EXPECT_EQ(ids(list({.queue = "mail", .status = Status::failed, .max_looked_at = 2})), "a");
  ASSERT_TRUE(remove("a"));
  EXPECT_EQ(ids(list({.queue = "mail", .status = Status::failed, .max_looked_at = 2})), "");
}

TEST_P(StoreConformance, CountsFollowEveryJob) {
  const auto counts = [&] {
    std::string all;
    for (const auto status : {Status::queued, Status::running, Status::done, Status::failed})
      all += std::to_string(count(status));
    return all;
  };
  EXPECT_EQ(counts(), "0000");
  submit({new_job("a"), new_mail("b"), new_mail("c")}).value();
  EXPECT_EQ(counts(), "3000");
  const auto claimed = claim();
  EXPECT_EQ(counts(), "2100");
  support::settle(*store, claimed, engine::Done{});
  EXPECT_EQ(counts(), "2010");
  ASSERT_TRUE(cancel("b"));
  EXPECT_EQ(counts(), "1011");
  ASSERT_TRUE(retry("b"));
  EXPECT_EQ(counts(), "2010");
  ASSERT_TRUE(remove("a") && remove("b") && remove("c"));
  EXPECT_EQ(counts(), "0000");
}

TEST_P(StoreConformance, ARefusedSubmissionLeavesTheCountsAlone) {
  auto lost = new_job("b");
  lost.queue = "nowhere";
  EXPECT_FALSE(submit({new_job("a"), lost}).has_value());
  EXPECT_EQ(count(Status::queued), 0U);
}

TEST_P(StoreConformance, AnOpenStoreIsInNoTrouble) {
  EXPECT_EQ(store->trouble(), "");
}

TEST_P(StoreConformance, ShowsQueuesInTheirOrder) {
  submit({.id = "delayed", .delay = milliseconds{1'000}}).value();
  submit({.id = "first"}).value();
  advance(milliseconds{30});
  submit({.id = "urgent", .priority = 5}).value();
  advance(milliseconds{20});
  const auto queues = store->queues();
  ASSERT_EQ(queues.size(), 2U);
  EXPECT_EQ(queues[0].name, "default");
  EXPECT_EQ(queues[0].counts.of(Status::queued), 3U);
  EXPECT_EQ(queues[0].ready, 2U);
  EXPECT_EQ(queues[0].oldest_ready, milliseconds{50});
  EXPECT_EQ(queues[1].name, "mail");
  EXPECT_EQ(queues[1].capacity, 2U);
  EXPECT_EQ(queues[1].max_retries, 3U);
  EXPECT_EQ(queues[1].timeout, std::nullopt);
  EXPECT_EQ(queues[1].ready, 0U);
  EXPECT_EQ(queues[1].oldest_ready, std::nullopt);
}

TEST_P(StoreConformance, ReadingThatFindsNoMemoryFailsAloneAndChangesNothing) {
  for (const auto* id : {"a", "b", "c"})
    submit(domain::NewJob{.id = id, .payload = R"("a payload that does not fit into a string by itself")"})
        .value();
  std::size_t seen = 0;
  const auto count_jobs = [&](const engine::Expected<engine::JobPage>& page) { seen = page->jobs.size(); };
  EXPECT_TRUE(fails_alone_without_memory([&] { store->list({}, count_jobs); }));
  EXPECT_EQ(seen, 3U);
  std::string found;
  const auto note_id = [&](const engine::Expected<domain::Job>& job) { found = job ? job->id : "nobody"; };
  EXPECT_TRUE(fails_alone_without_memory([&] { store->find("b", note_id); }));
  EXPECT_EQ(found, "b");
  EXPECT_TRUE(fails_alone_without_memory([&] { store->find("a job that is not there", note_id); }));
  EXPECT_EQ(found, "nobody");
  EXPECT_EQ(ids(list({})), "c b a");
}

}  // namespace jobqd::stores
