#include "stores/journal/job_bytes.hpp"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace jobqd::stores::journal {

TEST(JobBytes, KeepPayloadsOfEveryLength) {
  static_assert(sizeof(JobBytes) == sizeof(void*));
  for (const std::size_t size :
       {0U, 1U, 127U, 128U, 129U, 16'383U, 16'384U, 2'097'151U, 2'097'152U, 5'000'000U}) {
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

TEST(JobBytesDeathTest, StopAtAnIdThatIsTooLong) {
  EXPECT_DEATH(JobBytes(std::string(256, 'i'), "null"), "broken invariant");
}

}  // namespace jobqd::stores::journal
