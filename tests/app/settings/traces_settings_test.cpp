#include "app/settings/traces_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/settings/readings.hpp"

namespace jobqd::app {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::string general = "OTEL_EXPORTER_OTLP_ENDPOINT";
const std::string own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

TracesConfig traces(Variables variables) {
  variables.try_emplace(general, "http://collector:4318");
  return config_of(read({}, variables)).traces.value();
}

std::string fault(Variables variables) {
  variables.try_emplace(general, "http://collector:4318");
  return error_of(read({}, variables));
}

}  // namespace

TEST(TracesSettings, AreOffWithoutAnEndpoint) {
  for (const Variables& variables :
       {Variables{}, Variables{{"OTEL_SERVICE_NAME", "s"}}, Variables{{general, ""}},
        Variables{{general, "http://c"}, {"OTEL_SDK_DISABLED", "TRUE"}}})
    EXPECT_FALSE(config_of(read({}, variables)).traces);
}

TEST(TracesSettings, HaveTheDefaultsOfOpenTelemetryAndSampleNothing) {
  const auto config = traces({});
  EXPECT_EQ(config.timeout, base::milliseconds{10'000});
  EXPECT_EQ(config.ratio, 0);
  EXPECT_THAT(config.headers, testing::IsEmpty());
  EXPECT_THAT(config.resource, ElementsAre(Pair("service.name", "jobqd")));
}

TEST(TracesSettings, AddAPathToTheGeneralEndpointOnly) {
  EXPECT_EQ(traces({{general, "http://c:4318"}}).url, "http://c:4318/v1/traces");
  EXPECT_EQ(traces({{general, "https://c/base/"}}).url, "https://c/base/v1/traces");
  EXPECT_EQ(traces({{own, "https://c/own?a=b"}}).url, "https://c/own?a=b");
}

TEST(TracesSettings, OfTracesBeatTheGeneralOnes) {
  const auto config = traces({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                              {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "1"},
                              {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"},
                              {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                              {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"}});
  EXPECT_THAT(config.headers, ElementsAre(Pair("b", "2")));
  EXPECT_EQ(config.timeout, base::milliseconds{250});
}

TEST(TracesSettings, ReadHeadersAsBaggageIsWritten) {
  const auto config = traces({{"OTEL_EXPORTER_OTLP_HEADERS", " authorization = Bearer%20a%2Cb==, x-y=,,"}});
  EXPECT_THAT(config.headers, ElementsAre(Pair("authorization", "Bearer a,b=="), Pair("x-y", "")));
}

TEST(TracesSettings, TakeTheNameOfTheServiceFromItsOwnVariableFirst) {
  const std::string attributes = "OTEL_RESOURCE_ATTRIBUTES";
  EXPECT_THAT(traces({{attributes, "service.name=a,b=c"}}).resource,
              ElementsAre(Pair("service.name", "a"), Pair("b", "c")));
  EXPECT_THAT(traces({{attributes, "service.name=a,b=c"}, {"OTEL_SERVICE_NAME", "s"}}).resource,
              ElementsAre(Pair("service.name", "s"), Pair("b", "c")));
}

TEST(TracesSettings, KnowTheSamplersThatFollowTheParent) {
  const std::string sampler = "OTEL_TRACES_SAMPLER";
  const std::string argument = "OTEL_TRACES_SAMPLER_ARG";
  EXPECT_EQ(traces({{argument, "0.5"}}).ratio, 0.5);
  EXPECT_EQ(traces({{sampler, "parentbased_traceidratio"}, {argument, "0.5"}}).ratio, 0.5);
  EXPECT_EQ(traces({{sampler, "parentbased_always_on"}}).ratio, 1);
  EXPECT_EQ(traces({{sampler, "parentbased_always_off"}, {argument, "1"}}).ratio, 0);
  EXPECT_THAT(fault({{sampler, "always_on"}}), HasSubstr("parentbased_traceidratio"));
  EXPECT_THAT(fault({{argument, "nan"}}), HasSubstr("from 0 to 1"));
}

TEST(TracesSettings, AreRefusedWithOneLineEach) {
  EXPECT_EQ(fault({{general, "collector:4318"}}),
            "OTEL_EXPORTER_OTLP_ENDPOINT: \"collector:4318\" (environment) is not allowed: a URL such as "
            "http://127.0.0.1:4318 (it begins neither with http:// nor with https://)");
  EXPECT_EQ(fault({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}),
            "OTEL_EXPORTER_OTLP_PROTOCOL: \"grpc\" (environment) is not allowed: http/json, and no other");
  EXPECT_THAT(fault({{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}}), HasSubstr("milliseconds"));
  const auto both = error_of(read({"--check-config"}, {{general, "x"}, {"OTEL_EXPORTER_OTLP_TIMEOUT", "x"}}));
  EXPECT_EQ(std::ranges::count(both, '\n'), 1) << both;
}

TEST(TracesSettings, KeepTheValuesOfHeadersToThemselves) {
  for (const auto* headers :
       {"a b=secret", "x=secret%0A", "Host=secret", "secret", "x=secret%4", "x=secret%zz", "=secret"})
    EXPECT_THAT(fault({{"OTEL_EXPORTER_OTLP_HEADERS", headers}}),
                testing::AllOf(HasSubstr("OTEL_EXPORTER_OTLP_HEADERS: "), testing::Not(HasSubstr("secret"))))
        << headers;
}

TEST(TracesSettings, AreShownInACommentOfTheEffectiveConfiguration) {
  const auto text = std::get<Print>(read({"--check-config"}, {{general, "http://c"}}).value()).text;
  EXPECT_TRUE(text.starts_with("# traces go to http://c/v1/traces (OTEL_*)\n")) << text;
}

}  // namespace jobqd::app
