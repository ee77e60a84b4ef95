#include "http/bodies/body_readings.hpp"

#include "http/bodies/enqueue_parser.hpp"
#include "http/bodies/plain_body.hpp"

namespace jobqd::http {

namespace {

std::string described(const EnqueueBody& body) {
  std::string text = body.batch ? "batch" : "one";
  const auto add = [&text](const std::string& field) { text += " " + field; };
  for (const auto& job : body.jobs) {
    add("[" + job.id + "|" + job.queue + "|" + job.payload + "|" + job.traceparent + "]");
    add(job.max_retries ? std::to_string(*job.max_retries) : "-");
    add(std::to_string(job.priority));
    add(job.delay ? std::to_string(job.delay->count()) : "-");
    add(job.run_at ? std::to_string(job.run_at->time_since_epoch().count()) : "-");
    add(job.timeout ? std::to_string(job.timeout->count()) : "-");
  }
  return text;
}

}  // namespace

std::optional<BodyReadings> read_body_twice(const std::string& body) {
  const auto plain = read_plain_body(body);
  if (!plain) return std::nullopt;
  const auto full = parse_any_enqueue(body);
  return BodyReadings{.plain = described(*plain), .library = full ? described(*full) : full.error().detail};
}

}  // namespace jobqd::http
