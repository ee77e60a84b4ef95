#include "stores/journal/job_bytes.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace jobqd::stores::journal {

TEST(JobBytes, KeepPayloadsOfEveryLength) {
  static_assert(sizeof(JobBytes) == sizeof(void*));
  for (const std::size_t size :
       {0U, 1U, 63U, 64U, 127U, 128U, 8'191U, 8'192U, 129U, 1'048'575U, 1'048'576U, 5'000'000U}) {
    const std::string payload(size, 'p');
    const JobBytes bytes("id", payload, "trace");
    EXPECT_EQ(bytes.id(), "id");
    EXPECT_EQ(bytes.traceparent(), "trace");
    EXPECT_TRUE(bytes.payload() == payload) << size;
  }
}

TEST(JobBytes, KeepIdsAndTraceparentsOfEveryLength) {
  for (const std::size_t size : {0U, 1U, 16U, 127U, 128U, 255U}) {
    const std::string text(size, 't');
    const JobBytes id(text, "null");
    EXPECT_EQ(id.id(), text);
    EXPECT_EQ(id.payload(), "null");
    EXPECT_EQ(id.traceparent(), "");
    const JobBytes trace("id", "null", text);
    EXPECT_EQ(trace.id(), "id");
    EXPECT_EQ(trace.payload(), "null");
    EXPECT_EQ(trace.traceparent(), text);
  }
}

TEST(JobBytes, AreCopiedAndMoved) {
  JobBytes first("id", R"({"a":1})", "trace");
  const JobBytes copy = first;
  const JobBytes moved = std::move(first);
  for (const JobBytes* bytes : {&copy, &moved}) {
    EXPECT_EQ(bytes->id(), "id");
    EXPECT_EQ(bytes->payload(), R"({"a":1})");
    EXPECT_EQ(bytes->traceparent(), "trace");
  }
  EXPECT_EQ(JobBytes{}.id(), "");
  EXPECT_EQ(JobBytes{}.payload(), "");
  EXPECT_EQ(JobBytes{}.traceparent(), "");
}

TEST(JobBytes, KnowTheSizeOfAPayloadThatIsOnDisk) {
  for (const std::size_t size : {0U, 1U, 63U, 64U, 8'191U, 8'192U, 1'048'576U}) {
    const auto bytes = JobBytes("id", std::string(size, 'p'), "trace").without_payload();
    for (const JobBytes& same : {bytes, JobBytes(bytes)}) {
      EXPECT_FALSE(same.has_payload());
      EXPECT_EQ(same.payload_size(), size);
      EXPECT_EQ(same.id(), "id");
      EXPECT_EQ(same.traceparent(), "trace");
    }
  }
  EXPECT_TRUE(JobBytes("id", "null").has_payload());
  EXPECT_EQ(JobBytes("id", "null").payload_size(), 4U);
}

TEST(JobBytesDeathTest, StopWhenAPayloadIsReadThatIsOnDisk) {
  const auto bytes = JobBytes("id", "null").without_payload();
  EXPECT_DEATH((void)bytes.payload(), "broken invariant");
}

TEST(JobBytesDeathTest, StopAtAnIdThatIsTooLong) {
  EXPECT_DEATH(JobBytes(std::string(256, 'i'), "null"), "broken invariant");
}

}  // namespace jobqd::stores::journal
