#include "traces/policy.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <jobqd/base/number.hpp>

namespace jobqd::traces {

namespace {

constexpr unsigned most_retries = 5;
constexpr base::milliseconds first_wait{1'000};

bool may_be_sent_again(const Reply& reply) {
  switch (reply.status) {
    case 0:  // There was no answer.
    case 429:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return false;
  }
}

}  // namespace

base::SteadyTime next_batch(std::size_t waiting, base::SteadyTime last) {
  return last + (waiting >= most_in_batch ? batch_pause : batch_period);
}

std::optional<base::milliseconds> wait_before_retry(const Reply& reply, unsigned retries, double fraction) {
  if (!may_be_sent_again(reply) || retries >= most_retries) return std::nullopt;
  const auto full = first_wait * (1U << retries);
  const auto wait = std::chrono::duration_cast<base::milliseconds>(full * (1 - fraction / 2));
  return std::max(wait, reply.retry_after.value_or(wait));
}

PartialSuccess read_partial_success(std::string_view body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto partial = json.find("partialSuccess");
  if (partial == json.end() || !partial->is_object()) return {};
  PartialSuccess said;
  // 64-bit integers are strings in this JSON, and may be numbers.
  if (const auto count = partial->find("rejectedSpans"); count != partial->end()) {
    if (count->is_number_unsigned()) said.rejected = count->get<std::uint64_t>();
    if (count->is_string())
      said.rejected = base::parse_number<std::uint64_t>(count->get_ref<const std::string&>()).value_or(0);
  }
  if (const auto text = partial->find("errorMessage"); text != partial->end() && text->is_string())
    said.message = text->get<std::string>();
  return said;
}

}  // namespace jobqd::traces
