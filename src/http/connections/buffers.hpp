#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace jobqd::http {

/// The bytes of a connection that have come and are not used up yet. Not thread-safe.
class Input {
 public:
  /// Where a read of up to `size` bytes goes, until received() or the end. One at a time.
  ///
  /// `ahead`: bytes() may be used up while the read is under way, so it goes to a place of its own, from
  /// which received() copies.
  [[nodiscard]] boost::asio::mutable_buffer begin_read(std::size_t size, bool ahead);

  /// The read has brought so many bytes.
  void received(std::size_t bytes);

  /// The read has brought bytes that nobody wants.
  void drop() { read_ = Read::none; }

  /// No more bytes will come.
  void end();

  [[nodiscard]] bool reading() const { return read_ != Read::none; }
  [[nodiscard]] bool ended() const { return ended_; }

  /// What has come; a reader consumes from its front.
  [[nodiscard]] boost::beast::flat_buffer& bytes() { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  enum class Read : std::uint8_t { none, direct, ahead };

  boost::beast::flat_buffer bytes_;
  std::string ahead_;
  Read read_ = Read::none;
  bool ended_ = false;
};

/// The bytes of answers that the peer has not been sent yet. Not thread-safe.
class Output {
 public:
  /// Where answers are appended, while others are being sent too.
  [[nodiscard]] std::string& text() { return gathered_; }

  /// What there is to send now; it stays where it is until sent().
  [[nodiscard]] std::string_view unsent();

  /// So many bytes of unsent() have been sent. Sending is over once nothing is left.
  void sent(std::size_t bytes);

  void begin_sending() { is_sending_ = true; }
  [[nodiscard]] bool is_sending() const { return is_sending_; }

  [[nodiscard]] std::size_t size() const { return gathered_.size() + sending_.size() - offset_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  /// How much memory it takes; 0 if it is empty. Bytes that have been sent keep theirs until all of unsent()
  /// has been sent.
  [[nodiscard]] std::size_t memory() const {
    return empty() ? 0 : gathered_.capacity() + sending_.capacity();
  }

 private:
  std::string gathered_;
  std::string sending_;
  std::size_t offset_ = 0;  ///< How much of sending_ has been sent.
  bool is_sending_ = false;
};

}  // namespace jobqd::http
