#include "http/message.hpp"

#include <boost/beast/core/string.hpp>

namespace jobqd::http {

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string_view> Request::headers(std::string_view name) const {
  const boost::beast::string_view wanted(name.data(), name.size());
  std::vector<std::string_view> values;
  for (const auto& field : fields)
    if (field.name.size() == name.size() &&
        boost::beast::iequals({field.name.data(), field.name.size()}, wanted))
      values.push_back(field.value);
  return values;
}

}  // namespace jobqd::http
