#include <jobqd/traces/tracer.hpp>

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <jobqd/traces/traced_processor.hpp>

#include "traces/claims.hpp"

namespace jobqd::traces {

TEST(Traceparent, IsReadAsItsIds) {
  const auto ids = read_traceparent(sampled).value();
  EXPECT_EQ(ids.trace_id(), trace);
  EXPECT_EQ(ids.span_id(), parent);
}

TEST(Traceparent, IsNoOtherText) {
  for (std::string_view text : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                                "00-0Af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333\"-01",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x"})
    EXPECT_FALSE(read_traceparent(text)) << text;
}

TEST(Tracer, ContinuesTheTraceOfTheRequestInTheFirstAttempt) {
  const auto span = Tracer(0).span_of(traced_claim("a")).value();
  EXPECT_FALSE(span.is_root);
  EXPECT_EQ(span.own.trace_id(), trace);
  EXPECT_NE(span.own.span_id(), parent);
  EXPECT_EQ(span.enqueue->span_id(), parent);
}

TEST(Tracer, BeginsATraceInLaterAttempts) {
  auto claim = traced_claim("a");
  claim.attempt = 2;
  const auto span = Tracer(0).span_of(claim).value();
  EXPECT_TRUE(span.is_root);
  EXPECT_NE(span.own.trace_id(), trace);
  EXPECT_EQ(span.enqueue->trace_id(), trace);
}

TEST(Tracer, GivesTheSameAnswerAboutAnAttemptAndAnotherAboutEveryOther) {
  const Tracer tracer(0);
  const auto claim = traced_claim("a");
  EXPECT_EQ(tracer.span_of(claim)->own, tracer.span_of(claim)->own);
  std::set<std::string> spans{tracer.traceparent_of(claim)};
  for (auto change : {+[](engine::Claim& c) { c.token = 2; }, +[](engine::Claim& c) { c.id = "b"; },
                      +[](engine::Claim& c) { c.started_at += base::milliseconds{1}; },
                      +[](engine::Claim& c) { c.traceparent[50] = '2'; }}) {
    auto other = claim;
    change(other);
    EXPECT_TRUE(spans.insert(tracer.traceparent_of(other)).second) << other.id;
  }
}

TEST(Tracer, HasNoSpanWhereTheTraceIsNotSampled) {
  const auto claim = traced_claim("a", unsampled);
  EXPECT_FALSE(Tracer(1).span_of(claim));
  EXPECT_EQ(Tracer(1).traceparent_of(claim), unsampled);
}

TEST(Tracer, LooksOnlyAtTheLastBitOfTheFlags) {
  for (const auto* flags : {"03", "ff", "0b"})
    EXPECT_TRUE(Tracer(0).span_of(traced_claim("a", std::string(sampled.substr(0, 53)) + flags))) << flags;
  for (const auto* flags : {"02", "fe", "0a"})
    EXPECT_FALSE(Tracer(1).span_of(traced_claim("a", std::string(sampled.substr(0, 53)) + flags))) << flags;
}

TEST(Tracer, SamplesAShareOfTheJobsWithoutATrace) {
  int spans = 0;
  for (int i = 0; i < 10'000; ++i) {
    auto claim = traced_claim(fmt::format("job-{}", i), "");
    EXPECT_FALSE(Tracer(0).span_of(claim));
    EXPECT_TRUE(Tracer(1).span_of(claim)->is_root);
    if (Tracer(0.25).span_of(claim)) ++spans;
  }
  EXPECT_NEAR(spans, 2'500, 200);
}

TEST(Tracer, TracesNothingUnlessToldTo) {
  EXPECT_FALSE(Tracer().span_of(traced_claim("a")));
  EXPECT_EQ(Tracer().traceparent_of(traced_claim("a")), sampled);
  EXPECT_FALSE(Tracer().traces());
}

namespace {

/// Remembers the claim that it got.
class Witness final : public engine::Processor {
 public:
  Witness(std::string& traceparent, const engine::Claim*& claim) : traceparent_(traceparent), claim_(claim) {}
  engine::Outcome process(const engine::Claim& claim, std::stop_token /*stop*/) override {
    traceparent_ = claim.traceparent;
    claim_ = &claim;
    return engine::Done{.result = claim.payload};
  }

 private:
  std::string& traceparent_;
  const engine::Claim*& claim_;
};

}  // namespace

TEST(TracedProcessor, HandsOnTheContextOfTheAttempt) {
  std::string traceparent;
  const engine::Claim* got = nullptr;
  TracedProcessor processor(std::make_unique<Witness>(traceparent, got), Tracer(0));
  const auto claim = traced_claim("a");
  EXPECT_EQ(std::get<engine::Done>(processor.process(claim, {})).result, claim.payload);
  EXPECT_EQ(traceparent, Tracer(0).traceparent_of(claim));
  EXPECT_EQ(claim.traceparent, sampled) << "observers see what the job came with";
}

TEST(TracedProcessor, CopiesNoClaimWithoutASpan) {
  std::string traceparent;
  const engine::Claim* got = nullptr;
  TracedProcessor processor(std::make_unique<Witness>(traceparent, got), Tracer(0));
  const auto claim = traced_claim("a", unsampled);
  EXPECT_TRUE(std::holds_alternative<engine::Done>(processor.process(claim, {})));
  EXPECT_EQ(got, &claim);
}

}  // namespace jobqd::traces
