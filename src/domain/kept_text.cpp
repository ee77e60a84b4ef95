#include <jobqd/domain/kept_text.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <jobqd/base/json_string.hpp>
#include <jobqd/base/utf8.hpp>
#include <jobqd/domain/limits.hpp>

namespace jobqd::domain {

namespace {

using nlohmann::json;

/// The job around a result is a level of its own, as it is around a payload.
constexpr std::size_t deepest = limits::json_depth - 1;

/// Accepts a JSON text, but not one that is nested too deeply.
class Acceptor {
 public:
  // The names and signatures are those of nlohmann/json's SAX interface.
  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(json::number_integer_t) { return true; }
  bool number_unsigned(json::number_unsigned_t) { return true; }
  bool number_float(json::number_float_t, const json::string_t&) { return true; }
  bool string(json::string_t&) { return true; }
  bool binary(json::binary_t&) { return true; }
  bool key(json::string_t&) { return true; }
  bool start_object(std::size_t) { return ++depth_ <= deepest; }
  bool end_object() { return --depth_, true; }
  bool start_array(std::size_t) { return ++depth_ <= deepest; }
  bool end_array() { return --depth_, true; }
  bool parse_error(std::size_t, const std::string&, const json::exception&) { return false; }

 private:
  std::size_t depth_ = 0;
};

bool is_json(std::string_view text) {
  // The library passes a byte order mark over, and takes a NUL for the end of the text.
  if (text.starts_with("\xEF\xBB\xBF") || text.contains('\0')) return false;
  Acceptor acceptor;
  return json::sax_parse(text, &acceptor);
}

/// As much of the text as fits into a JSON string of limits::result_bytes.
std::string as_json_string(std::string_view text) {
  constexpr auto most = limits::result_bytes;
  text = text.substr(0, base::whole_characters(text, most));
  auto quoted = base::json_string(text);
  while (quoted.size() > most) {
    const auto bytes = std::min(text.size() - 1, text.size() * most / quoted.size());
    text = text.substr(0, base::whole_characters(text, bytes));
    quoted = base::json_string(text);
  }
  return quoted;
}

}  // namespace

std::optional<std::string> kept_result(std::string output) {
  output.resize(base::without_line_end(output).size());
  if (output.empty()) return std::nullopt;
  if (output.size() <= limits::result_bytes && is_json(output)) return output;
  return as_json_string(output);
}

std::string kept_error(std::string error) {
  error = base::well_formed(std::move(error));
  error.resize(base::whole_characters(error, limits::error_bytes));
  return error;
}

Outcome kept(Outcome outcome) {
  if (auto* done = std::get_if<Done>(&outcome)) {
    if (done->result) done->result = kept_result(*std::move(done->result));
  } else if (auto* retry = std::get_if<Retry>(&outcome)) {
    retry->error = kept_error(std::move(retry->error));
  } else if (auto* defer = std::get_if<Defer>(&outcome)) {
    defer->error = kept_error(std::move(defer->error));
  } else if (auto* fail = std::get_if<Fail>(&outcome)) {
    fail->error = kept_error(std::move(fail->error));
  } else if (auto* unstarted = std::get_if<Unstarted>(&outcome)) {
    unstarted->why = kept_error(std::move(unstarted->why));
  }
  return outcome;
}

}  // namespace jobqd::domain
