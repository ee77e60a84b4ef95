#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

namespace jobqd::stores::embedded {

/// What a job is called and what it carries, in one block of memory: there may be millions of them.
class Content {
 public:
  Content() = default;
  /// Copies both; each is shorter than 4 GiB.
  Content(std::string_view id, std::string_view payload)
      : bytes_(std::make_unique_for_overwrite<char[]>(id.size() + payload.size())),
        id_size_(static_cast<std::uint32_t>(id.size())),
        payload_size_(static_cast<std::uint32_t>(payload.size())) {
    std::ranges::copy(payload, std::ranges::copy(id, bytes_.get()).out);
  }

  Content(const Content& other) : Content(other.id(), other.payload()) {}
  Content& operator=(const Content& other) { return *this = Content(other); }
  Content(Content&&) = default;
  Content& operator=(Content&&) = default;
  ~Content() = default;

  [[nodiscard]] std::string_view id() const { return {bytes_.get(), id_size_}; }
  [[nodiscard]] std::string_view payload() const { return {bytes_.get() + id_size_, payload_size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::uint32_t id_size_ = 0;
  std::uint32_t payload_size_ = 0;
};

}  // namespace jobqd::stores::embedded
