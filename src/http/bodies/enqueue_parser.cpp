#include "http/bodies/enqueue_parser.hpp"

#include <utility>

#include <jobqd/domain/limits.hpp>

#include "http/bodies/field_reader.hpp"
#include "http/bodies/job_fields.hpp"
#include "http/bodies/plain_body.hpp"

namespace jobqd::http {

namespace {

BodyForm<domain::NewJob> form() {
  return {.fields = job_fields(),
          .empty_body = "the body is empty; send a job as JSON",
          .wrong_body = "the body must be a job (an object) or an array of jobs",
          .wrong_element = "each element must be a job (an object)",
          .unknown_field = "is not a field of a job",
          .most = domain::limits::batch_jobs,
          .things = "jobs"};
}

}  // namespace

std::expected<EnqueueBody, domain::Error> parse_enqueue(std::string_view body) {
  if (auto plain = read_plain_body(body)) return *std::move(plain);
  return parse_any_enqueue(body);
}

std::expected<EnqueueBody, domain::Error> parse_any_enqueue(std::string_view body) {
  EnqueueBody result;
  const auto expected = form();
  FieldReader<domain::NewJob> reader(body, expected, result.jobs);
  reader.read();
  if (reader.faultless() && result.jobs.empty()) reader.fault({}, "the array must hold at least one job");
  result.batch = reader.is_array();
  if (auto error = std::move(reader).error()) return std::unexpected(*std::move(error));
  return result;
}

}  // namespace jobqd::http
