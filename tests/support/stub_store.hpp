#pragma once

#include <jobqd/engine/store.hpp>

namespace jobqd::support {

/// A store that keeps nothing and answers store_unavailable. A test overrides the functions that it needs.
class StubStore : public engine::Store {
 public:
  void submit(std::vector<domain::NewJob> jobs,
              engine::Callback<std::vector<engine::Submitted>> done) override;
  bool claim(engine::ClaimRequest request, engine::Callback<std::vector<engine::Claim>> done) override;
  bool withdraw(engine::WaitId wait_id) override;
  void settle(std::string_view id, engine::FencingToken token, engine::Outcome outcome,
              engine::Settler settler, engine::Callback<engine::Resolution> done) override;
  void extend(std::string_view id, engine::FencingToken token, base::milliseconds duration,
              engine::Callback<engine::Extension> done) override;
  void find(std::string_view id, engine::Callback<domain::Job> done) override;
  engine::WatchId watch(std::string_view id, engine::Callback<domain::Job> done) override;
  bool unwatch(engine::WatchId watch) override;
  void list(const engine::ListQuery& query, engine::Callback<engine::JobPage> done) override;
  void cancel(std::string_view id, engine::Callback<domain::Job> done) override;
  void retry(std::string_view id, engine::Callback<domain::Job> done) override;
  void remove(std::string_view id, engine::Callback<void> done) override;
  void set_paused(std::string_view queue, bool paused, engine::Callback<void> done) override;
  void retry_all(const engine::RetryAll& which, engine::Callback<std::uint64_t> done) override;
  void purge(const engine::Purge& which, engine::Callback<std::uint64_t> done) override;
  bool configure(const engine::QueueOptions& options) override;
  bool remove_queue(std::string_view name) override;
  engine::Counts counts() const override;
  std::vector<engine::QueueState> queues() const override;
  std::optional<engine::QueueState> queue(std::string_view name) const override;
  engine::CopiedCounts copy_counts(std::size_t from, std::span<engine::QueueCounts> into) const override;
  std::optional<base::SteadyTime> next_start() const override;
  std::string trouble() const override;
  std::optional<base::SteadyTime> tick(base::Now now) override;
  void stop_admission() override;
  void stop_claims() override;
  engine::AttemptCounts attempts() const override;
  void renew_leases() override;
  void stop_attempts() override;
  void end_leases() override;
};

}  // namespace jobqd::support
