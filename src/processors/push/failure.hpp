#pragma once

#include <string>

#include <boost/system/error_code.hpp>

namespace jobqd::processors::push {

/// Why there is no connection or no answer.
struct Failure {
  std::string why;        ///< One line.
  bool shortage = false;  ///< This process has no descriptors or memory left; the receiver has no part in it.
};

/// Whether the error says that this process, or the whole machine, has no descriptors or memory left.
[[nodiscard]] inline bool is_shortage(const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::not_enough_memory || error == errc::no_buffer_space;
}

}  // namespace jobqd::processors::push
