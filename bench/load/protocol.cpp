#include "protocol.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace bench {

std::unique_ptr<Protocol> make_protocol(std::string_view name, const JobShape& shape) {
  using Make = std::unique_ptr<Protocol> (*)(const JobShape&);
  static constexpr std::array<std::pair<std::string_view, Make>, 5> known{{{"http", make_http},
                                                                           {"beanstalkd", make_beanstalkd},
                                                                           {"gearman", make_gearman},
                                                                           {"redis", make_redis},
                                                                           {"nats", make_nats}}};
  for (const auto& [known_name, make] : known)
    if (known_name == name) return make(shape);
  return nullptr;
}

std::size_t leading_number(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace bench
