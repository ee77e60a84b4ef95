#include "http/connections/http11probe.hpp"

#include <chrono>
#include <fstream>
#include <regex>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "http/connections/test_client.hpp"

namespace jobqd::http {

namespace {

using namespace std::chrono_literals;

/// A server that says nothing for so long waits for more. Some cases end like that, and may.
constexpr base::milliseconds quick{1'500};
/// Whether more data comes, although none should.
constexpr base::milliseconds glance{300};

std::string from_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = digits.find(c);
    if (value == std::string_view::npos) break;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((bits >> count) & 0xFFU);
  }
  return bytes;
}

Verdict verdict_from(std::string_view text) {
  if (text == "Pass") return Verdict::pass;
  if (text == "Warn") return Verdict::warn;
  return Verdict::fail;
}

ProbeCase read_case(const nlohmann::json& json) {
  ProbeCase result{.id = json.at("id"),
                   .level = json.at("level"),
                   .scored = json.at("scored"),
                   .description = json.at("description"),
                   .expected = json.at("expected"),
                   .steps = {},
                   .worth = {},
                   .in_scenarios = json.contains("steps")};
  if (!result.in_scenarios) {
    result.steps.push_back(from_base64(json.at("request_b64").get<std::string>()));
    for (const auto& [verdict, reactions] : json.at("verdict").items())
      for (const auto& reaction : reactions) result.worth[reaction] = verdict_from(verdict);
    return result;
  }
  for (const auto& step : json.at("steps")) {
    std::string bytes;
    for (const auto& part : step.at("parts")) bytes += from_base64(part.at("b64").get<std::string>());
    result.steps.push_back(std::move(bytes));
  }
  for (const auto& [scenario, verdict] : json.at("scenarios").items())
    result.worth[scenario] = verdict_from(verdict.get<std::string>());
  return result;
}

std::string addressed(std::string bytes, std::uint16_t port) {
  static constexpr std::string_view place = "{HOST}";
  const auto host = fmt::format("127.0.0.1:{}", port);
  for (auto at = bytes.find(place); at != std::string::npos; at = bytes.find(place, at + host.size()))
    bytes.replace(at, place.size(), host);
  return bytes;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

bool closes(TestClient& client, const Answer& answer) {
  const bool said_so = answer.field("connection") == "close";
  return client.something_within(said_so ? support::patience : glance) && client.at_end();
}

/// Some cases ask for more than the tables of reactions can say.
bool has_what_is_expected(const ProbeCase& probe_case, const Answer& answer, TestClient& client) {
  static const std::regex imf_fixdate(
      "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
      " \\d{4} \\d\\d:\\d\\d:\\d\\d GMT");
  static const std::map<std::string, std::string, std::less<>> echoes{
      {"COMP-POST-CL-BODY", "hello"},
      {"COMP-CHUNKED-BODY", "hello"},
      {"COMP-CHUNKED-MULTI", "hello world"},
      {"COMP-CHUNKED-TRAILER-VALID", "hello"},
      {"COMP-CHUNKED-HEX-UPPERCASE", "helloworld"}};
  const auto& id = probe_case.id;
  if (id == "COMP-HEAD-NO-BODY") return is_success(answer.status) && !client.something_within(glance);
  if (id == "COMP-405-ALLOW") return answer.status == 405 && !answer.field("allow").empty();
  if (id == "COMP-NO-CL-IN-204") return answer.status == 204 && !answer.fields.contains("content-length");
  if (id == "COMP-OPTIONS-ALLOW") return is_success(answer.status) && !answer.field("allow").empty();
  if (id == "COMP-CONTENT-TYPE") return is_success(answer.status) && !answer.field("content-type").empty();
  if (id == "COMP-DATE-HEADER") return is_success(answer.status) && !answer.field("date").empty();
  if (id == "COMP-DATE-FORMAT")
    return is_success(answer.status) && std::regex_match(answer.field("date"), imf_fixdate);
  if (const auto echo = echoes.find(id); echo != echoes.end())
    return is_success(answer.status) && answer.body == echo->second;
  throw std::logic_error("nothing is known of what else is expected by " + id);
}

bool asks_for_more_than_its_table(const ProbeCase& probe_case) {
  bool can_pass = false;
  for (const auto& [reaction, verdict] : probe_case.worth) can_pass = can_pass || verdict == Verdict::pass;
  return !can_pass || probe_case.expected.contains("echo") || probe_case.id.starts_with("COMP-DATE-");
}

ProbeResult worth_of(const ProbeCase& probe_case, std::string reaction) {
  const auto found = probe_case.worth.find(reaction);
  return {.verdict = found == probe_case.worth.end() ? Verdict::fail : found->second,
          .reaction = std::move(reaction)};
}

ProbeResult try_request(const ProbeCase& probe_case, std::uint16_t port, base::milliseconds patience) {
  TestClient client(port);
  const auto request = addressed(probe_case.steps.front(), port);
  client.send(request);
  client.be_patient_for(patience);
  const auto answer = client.read_answer(request.starts_with("HEAD "));
  if (!answer) return worth_of(probe_case, client.something_within(0ms) ? "ClosedByServer" : "TimedOut");
  const auto status = fmt::to_string(answer->status);
  if (asks_for_more_than_its_table(probe_case) && has_what_is_expected(probe_case, *answer, client))
    return {.verdict = Verdict::pass, .reaction = status};
  if (asks_for_more_than_its_table(probe_case)) return {.verdict = Verdict::fail, .reaction = status};
  if (probe_case.worth.contains(status)) return worth_of(probe_case, status);
  return worth_of(probe_case, status + (closes(client, *answer) ? "/ClosedByServer" : "/Open"));
}

ProbeResult try_scenario(const ProbeCase& probe_case, std::uint16_t port) {
  TestClient client(port);
  client.send(addressed(probe_case.steps.front(), port));
  const auto first = client.read_answer();
  if (!first)
    return worth_of(probe_case, client.something_within(0ms) ? "first closed, no response" : "TimedOut");
  if (closes(client, *first))
    return worth_of(probe_case, is_success(first->status) ? "first 200+close" : "first 400+close");
  if (client.something_within(0ms)) return worth_of(probe_case, "two responses to first");
  if (probe_case.steps.size() == 1) return worth_of(probe_case, "all 200, open");
  client.send(addressed(probe_case.steps[1], port));
  const auto second = client.read_answer();
  return worth_of(probe_case, second && is_success(second->status) ? "all 200, open" : "first 200 then 400");
}

}  // namespace

std::vector<ProbeCase> read_probe_cases(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<ProbeCase> cases;
  for (const auto json = nlohmann::json::parse(in); const auto& one : json) cases.push_back(read_case(one));
  return cases;
}

ProbeResult probe(const ProbeCase& probe_case, std::uint16_t port) {
  if (probe_case.in_scenarios) return try_scenario(probe_case, port);
  auto result = try_request(probe_case, port, quick);
  // If silence would be wrong, the machine may have been slow.
  if (result.verdict == Verdict::fail && result.reaction == "TimedOut")
    result = try_request(probe_case, port, support::patience);
  return result;
}

}  // namespace jobqd::http
