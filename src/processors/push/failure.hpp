#pragma once

#include <string>

#include <boost/system/error_code.hpp>

#include "processors/shortage.hpp"

namespace jobqd::processors::push {

/// Why there is no connection or no answer.
struct Failure {
  std::string why;        ///< One line.
  bool shortage = false;  ///< This process has no descriptors or memory left; the receiver has no part in it.
};

/// Whether the error says that descriptors or memory have run out.
[[nodiscard]] inline bool is_shortage(const boost::system::error_code& error) {
  return error.category() == boost::system::system_category() && processors::is_shortage(error.value());
}

}  // namespace jobqd::processors::push
