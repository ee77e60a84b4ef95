// EmbeddedStore: payloads that are on disk.

#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "stores/embedded/embedded_store.hpp"

namespace jobqd::stores::embedded {

void EmbeddedStore::read_back(Payloads::Asked asked, engine::Callback<void> then) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(asked.jobs.size());
  for (const auto job : asked.jobs) numbers.push_back(job.number);
  journal_->read_payloads(std::move(numbers), [this, asked = std::move(asked),
                                               then = std::move(then)](journal::ReadPayloads read) mutable {
    engine::Expected<void> answer;
    if (!read) answer = std::unexpected(unavailable(read.error()));
    {
      Turn turn(*this);
      set_aside(turn.effects, jobs_.payloads.arrived(turn.effects, asked, std::move(read)));
    }
    then(std::move(answer));
  });
}

void EmbeddedStore::set_aside(Effects& effects, const std::vector<JobHandle>& jobs) {
  for (const auto job : jobs) {
    const Record* record = jobs_.table.find(job);
    if (record == nullptr || record->content.has_payload()) continue;
    effects.call([this, what = fmt::format("number {}, id \"{}\"", job.number, record->content.id())] {
      around_.observer.job_set_aside(what);
    });
    jobs_.remove(effects, job, Jobs::Row::set_aside);
  }
}

void EmbeddedStore::add_payloads(engine::JobPage page, std::vector<OnDisk> on_disk,
                                 engine::Callback<engine::JobPage> done) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(on_disk.size());
  for (const auto& missing : on_disk) numbers.push_back(missing.job.number);
  journal_->read_payloads(std::move(numbers), [this, page = std::move(page), on_disk = std::move(on_disk),
                                               done = std::move(done)](journal::ReadPayloads read) mutable {
    if (!read) return done(std::unexpected(unavailable(std::move(read.error()))));
    std::vector<JobHandle> without_row;
    for (std::size_t i = on_disk.size(); i-- > 0;) {  // From the end, so that positions stay.
      const auto job = page.jobs.begin() + static_cast<std::ptrdiff_t>(on_disk[i].position);
      if (const auto& content = (*read)[i]) {
        job->payload = content->payload();
      } else {
        page.jobs.erase(job);
        without_row.push_back(on_disk[i].job);
      }
    }
    if (!without_row.empty()) {
      Turn turn(*this);
      set_aside(turn.effects, without_row);
    }
    done(std::move(page));
  });
}

engine::Callback<domain::Job> EmbeddedStore::with_payload(JobHandle job, engine::Callback<domain::Job> done) {
  if (jobs_.table.at(job).content.has_payload()) return done;
  return [this, job, done = std::move(done)](engine::Expected<domain::Job> described) mutable {
    if (!described) return done(std::move(described));
    engine::JobPage page;
    const auto id = described->id;
    page.jobs.push_back(*std::move(described));
    add_payloads(std::move(page), {{.position = 0, .job = job}},
                 [id, done = std::move(done)](engine::Expected<engine::JobPage> read) mutable {
                   if (!read) return done(std::unexpected(std::move(read.error())));
                   if (!read->jobs.empty()) return done(std::move(read->jobs.front()));
                   done(std::unexpected(
                       domain::Error{.code = domain::ErrorCode::job_not_found,
                                     .detail = fmt::format("the job \"{}\" was removed meanwhile", id)}));
                 });
  };
}

}  // namespace jobqd::stores::embedded
