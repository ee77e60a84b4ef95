#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace jobqd::stores::journal {

/// What a job is called and what it carries, in one block of memory: there may be millions of them.
class JobBytes {
 public:
  JobBytes() = default;
  /// Copies all; id and traceparent are shorter than 64 KiB, the payload than 4 GiB.
  JobBytes(std::string_view id, std::string_view payload, std::string_view traceparent = {})
      : bytes_(std::make_unique_for_overwrite<char[]>(id.size() + payload.size() + traceparent.size())),
        payload_size_(static_cast<std::uint32_t>(payload.size())),
        id_size_(static_cast<std::uint16_t>(id.size())),
        traceparent_size_(static_cast<std::uint16_t>(traceparent.size())) {
    // std::ranges::copy goes byte by byte here.
    id.copy(bytes_.get(), id.size());
    payload.copy(bytes_.get() + id.size(), payload.size());
    traceparent.copy(bytes_.get() + id.size() + payload.size(), traceparent.size());
  }

  JobBytes(const JobBytes& other) : JobBytes(other.id(), other.payload(), other.traceparent()) {}
  JobBytes& operator=(const JobBytes& other) { return *this = JobBytes(other); }
  JobBytes(JobBytes&&) = default;
  JobBytes& operator=(JobBytes&&) = default;
  ~JobBytes() = default;

  [[nodiscard]] std::string_view id() const { return {bytes_.get(), id_size_}; }
  [[nodiscard]] std::string_view payload() const { return {bytes_.get() + id_size_, payload_size_}; }
  [[nodiscard]] std::string_view traceparent() const {
    return {bytes_.get() + id_size_ + payload_size_, traceparent_size_};
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::uint32_t payload_size_ = 0;
  std::uint16_t id_size_ = 0;
  std::uint16_t traceparent_size_ = 0;
};

}  // namespace jobqd::stores::journal
