#include "support/stub_store.hpp"

namespace jobqd::support {

namespace {

std::unexpected<domain::Error> unavailable() {
  return std::unexpected(domain::Error{.code = domain::ErrorCode::store_unavailable, .detail = "a stub"});
}

}  // namespace

void StubStore::submit(std::vector<domain::NewJob> /*jobs*/,
                       engine::Callback<std::vector<engine::Submitted>> done) {
  done(unavailable());
}
bool StubStore::claim(engine::ClaimRequest /*request*/, engine::Callback<std::vector<engine::Claim>> done) {
  done(unavailable());
  return false;
}
bool StubStore::withdraw(engine::WaitId /*wait_id*/) {
  return false;
}
void StubStore::settle(std::string_view /*id*/, engine::FencingToken /*token*/, engine::Outcome /*outcome*/,
                       engine::Settler /*settler*/, engine::Callback<engine::Resolution> done) {
  done(unavailable());
}
void StubStore::extend(std::string_view /*id*/, engine::FencingToken /*token*/,
                       base::milliseconds /*duration*/, engine::Callback<engine::Extension> done) {
  done(unavailable());
}
void StubStore::find(std::string_view /*id*/, engine::Callback<domain::Job> done) {
  done(unavailable());
}
engine::WatchId StubStore::watch(std::string_view /*id*/, engine::Callback<domain::Job> done) {
  done(unavailable());
  return 0;
}
bool StubStore::unwatch(engine::WatchId /*watch*/) {
  return false;
}
void StubStore::list(const engine::ListQuery& /*query*/, engine::Callback<engine::JobPage> done) {
  done(unavailable());
}
void StubStore::cancel(std::string_view /*id*/, engine::Callback<domain::Job> done) {
  done(unavailable());
}
void StubStore::retry(std::string_view /*id*/, engine::Callback<domain::Job> done) {
  done(unavailable());
}
void StubStore::remove(std::string_view /*id*/, engine::Callback<void> done) {
  done(unavailable());
}
void StubStore::set_paused(std::string_view /*queue*/, bool /*paused*/, engine::Callback<void> done) {
  done(unavailable());
}
void StubStore::retry_all(const engine::RetryAll& /*which*/, engine::Callback<std::uint64_t> done) {
  done(unavailable());
}
void StubStore::purge(const engine::Purge& /*which*/, engine::Callback<std::uint64_t> done) {
  done(unavailable());
}
bool StubStore::configure(const engine::QueueOptions& /*options*/) {
  return false;
}
bool StubStore::remove_queue(std::string_view /*name*/) {
  return false;
}
engine::Counts StubStore::counts() const {
  return {};
}
std::vector<engine::QueueState> StubStore::queues() const {
  return {};
}
std::optional<engine::QueueState> StubStore::queue(std::string_view /*name*/) const {
  return {};
}
engine::CopiedCounts StubStore::copy_counts(std::size_t /*from*/,
                                            std::span<engine::QueueCounts> /*into*/) const {
  return {};
}
std::optional<base::SteadyTime> StubStore::next_start() const {
  return {};
}

std::string StubStore::trouble() const {
  return {};
}
std::optional<base::SteadyTime> StubStore::tick(base::Now /*now*/) {
  return {};
}
void StubStore::stop_admission() {}
void StubStore::stop_claims() {}
engine::AttemptCounts StubStore::attempts() const {
  return {};
}
void StubStore::renew_leases() {}
void StubStore::stop_attempts() {}
void StubStore::end_leases() {}

}  // namespace jobqd::support
