#include <jobqd/domain/lifecycle.hpp>

#include <array>

#include <fmt/format.h>

namespace jobqd::domain {

namespace {

using Row = std::array<std::optional<Status>, event_count>;

/// Rows: the status before, in the order of Status. Columns: the events, in the order of Event.
constexpr std::array<Row, status_count> transitions = [] {
  using enum Status;
  constexpr std::nullopt_t no = std::nullopt;
  return std::array<Row, status_count>{{
      //   start    succeed back_off put_off give_up interrupt cancel  retry put_back request_cancel
      Row{{running, no, no, no, no, no, failed, no, no, no}},                    // queued
      Row{{no, done, queued, queued, failed, queued, no, no, queued, running}},  // running
      Row{{no, no, no, no, no, no, no, no, no, no}},                             // done
      Row{{no, no, no, no, no, no, no, queued, no, no}},                         // failed
  }};
}();

constexpr std::array<std::string_view, event_count> event_names{
    "started",     "finished",  "put back", "put off",    "given up",
    "interrupted", "cancelled", "retried",  "taken back", "cancelled"};

std::expected<Progress, Error> moved(Progress progress, Event event, Reason reason) {
  const auto status = next_status(progress.status, event);
  if (!status) return std::unexpected(status.error());
  progress.status = *status;
  progress.reason = reason;
  return progress;
}

}  // namespace

std::expected<Status, Error> next_status(Status from, Event event) {
  const auto& to = transitions.at(static_cast<std::size_t>(from)).at(static_cast<std::size_t>(event));
  if (to) return *to;
  return std::unexpected(Error{.code = ErrorCode::wrong_status,
                               .detail = fmt::format("the job is {} and cannot be {}", to_string(from),
                                                     event_names.at(static_cast<std::size_t>(event)))});
}

std::expected<Progress, Error> started(Progress progress) {
  ++progress.attempts;
  return moved(progress, Event::start, Reason::none);
}

std::expected<Progress, Error> succeeded(Progress progress) {
  return moved(progress, Event::succeed, Reason::none);
}

std::expected<Progress, Error> backed_off(Progress progress) {
  ++progress.failures;
  return moved(progress, Event::back_off, Reason::backoff);
}

std::expected<Progress, Error> deferred(Progress progress) {
  ++progress.deferrals;
  return moved(progress, Event::put_off, Reason::backoff);
}

std::expected<Progress, Error> given_up(Progress progress, Reason reason) {
  if (reason != Reason::cancelled) ++progress.failures;
  return moved(progress, Event::give_up, reason);
}

std::expected<Progress, Error> cancelled(Progress progress) {
  return moved(progress, Event::cancel, Reason::cancelled);
}

std::expected<Progress, Error> cancel_requested(Progress progress) {
  return moved(progress, Event::request_cancel, Reason::cancelled);
}

std::expected<Progress, Error> retried(Progress progress) {
  progress.failures = 0;
  progress.interruptions = 0;
  progress.deferrals = 0;
  return moved(progress, Event::retry, Reason::ready);
}

std::expected<Progress, Error> unstarted(Progress progress) {
  --progress.attempts;
  return moved(progress, Event::put_back, Reason::ready);
}

std::expected<Progress, Error> interrupted(Progress progress, std::uint32_t cap) {
  ++progress.interruptions;
  if (progress.interruptions > cap) return moved(progress, Event::give_up, Reason::interrupted);
  return moved(progress, Event::interrupt, Reason::ready);
}

}  // namespace jobqd::domain
