#include "http/bodies/job_fields.hpp"

#include <array>

#include <jobqd/base/duration.hpp>
#include <jobqd/base/rfc3339.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::http {

namespace {

using domain::NewJob;
namespace limits = domain::limits;

Fault take_job_id(NewJob& job, const FieldValue& value) {
  return take_id(job.id, value);
}

Fault take_queue(NewJob& job, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr || text->size() > limits::queue_bytes)
    return must_be("the name of a queue, at most 64 bytes", value);
  job.queue = *text;
  return {};
}

Fault take_max_retries(NewJob& job, const FieldValue& value) {
  const auto number = integer_in(value, 0, limits::max_retries);
  if (!number) return must_be("a whole number from 0 to 1000", value);
  job.max_retries = static_cast<std::uint16_t>(*number);
  return {};
}

Fault take_priority(NewJob& job, const FieldValue& value) {
  const auto number = integer_in(value, limits::priority_lowest, limits::priority_highest);
  if (!number) return must_be("a whole number from -100 to 100", value);
  job.priority = static_cast<std::int8_t>(*number);
  return {};
}

Fault take_delay(NewJob& job, const FieldValue& value) {
  const auto delay = duration_up_to(value, base::milliseconds{0}, limits::delay_longest);
  if (!delay)
    return must_be("a duration such as \"90s\" or \"1h30m\", or a number of seconds, at most 366 days",
                   value);
  if (job.run_at) return "cannot be given together with run_at";
  job.delay = *delay;
  return {};
}

Fault take_run_at(NewJob& job, const FieldValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  const auto time = text == nullptr ? std::nullopt : base::parse_rfc3339(*text);
  if (!time) return must_be("an RFC 3339 time with offset such as \"2030-01-31T08:00:00Z\"", value);
  if (job.delay) return "cannot be given together with delay";
  job.run_at = *time;
  return {};
}

Fault take_timeout(NewJob& job, const FieldValue& value) {
  const auto timeout = duration_up_to(value, base::milliseconds{1}, limits::timeout_longest);
  if (!timeout) return must_be("a duration such as \"30s\", or a number of seconds, from 1ms to 24h", value);
  job.timeout = *timeout;
  return {};
}

void keep_payload(NewJob& job, std::string_view json) {
  job.payload = json;
}

constexpr std::array<Field<NewJob>, 8> table{{{.name = "id", .rule = take_job_id},
                                              {.name = "payload", .keep = keep_payload},
                                              {.name = "max_retries", .rule = take_max_retries},
                                              {.name = "queue", .rule = take_queue},
                                              {.name = "priority", .rule = take_priority},
                                              {.name = "delay", .rule = take_delay},
                                              {.name = "run_at", .rule = take_run_at},
                                              {.name = "timeout", .rule = take_timeout}}};

}  // namespace

Fields<NewJob> job_fields() {
  return table;
}

}  // namespace jobqd::http
