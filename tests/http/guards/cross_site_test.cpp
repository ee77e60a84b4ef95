#include "http/guards/cross_site.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jobqd::http {

namespace {

/// The guard's verdict on a request with these header fields.
std::optional<domain::Error> check(std::string_view method, const std::vector<HeaderField>& fields,
                                   const Route* route = nullptr) {
  const Request request{.method = method, .path = "/x", .body = {}, .fields = fields};
  return check_cross_site(request, route);
}

Route route(std::string_view method) {
  return {method, "/x", Access::read, {}, [](Request&, const ExchangePtr&) {}};
}

const std::vector<HeaderField> foreign{{"Host", "a:80"}, {"Origin", "http://b:80"}};

}  // namespace

TEST(CrossSite, ProgramsSendNeitherHeader) {
  EXPECT_FALSE(from_another_site({}, {}, "a:80"));
}

TEST(CrossSite, APageOfThisHostMayAsk) {
  EXPECT_FALSE(from_another_site({"http://a:80"}, {}, "a:80"));
  EXPECT_FALSE(from_another_site({"http://A:80"}, {}, "a:80"));
  EXPECT_FALSE(from_another_site({"http://a:80"}, {"same-origin"}, "a:80"));
  EXPECT_FALSE(from_another_site({}, {"none"}, "a:80")) << "the person's own doing: address bar, bookmark";
}

TEST(CrossSite, APageOfAnotherHostMayNot) {
  for (const auto* origin :
       {"http://b:80", "http://a", "http://a:81", "http://a:80.evil", "null", "a:80", "http://"})
    EXPECT_TRUE(from_another_site({origin}, {}, "a:80")) << origin;
}

TEST(CrossSite, ABrowsersReportIsTrusted) {
  for (const auto* site : {"cross-site", "same-site", "whatever"})
    EXPECT_TRUE(from_another_site({"http://a:80"}, {site}, "a:80")) << site;
}

TEST(CrossSite, EveryHeaderCounts) {
  EXPECT_TRUE(from_another_site({"http://a:80", "http://b:80"}, {}, "a:80"));
  EXPECT_TRUE(from_another_site({}, {"same-origin", "cross-site"}, "a:80"));
  EXPECT_TRUE(from_another_site({""}, {}, "a:80"));
}

TEST(CrossSiteGuard, RefusesWhatAForeignPageWantsToChange) {
  for (const auto* method : {"POST", "DELETE", "PUT"}) {
    const auto at = route(method);
    const auto error = check(method, foreign, &at);
    ASSERT_TRUE(error) << method;
    EXPECT_EQ(error->code, domain::ErrorCode::forbidden_origin);
    EXPECT_TRUE(check(method, {{"sec-fetch-site", "cross-site"}}, &at)) << method;
  }
}

TEST(CrossSiteGuard, RefusesItAlsoWhereThereIsNoRoute) {
  EXPECT_TRUE(check("POST", foreign));
  EXPECT_TRUE(check("DELETE", foreign));
}

TEST(CrossSiteGuard, LetsAForeignPageRead) {
  const auto get = route("GET");
  for (const auto* method : {"GET", "HEAD"}) EXPECT_FALSE(check(method, foreign, &get)) << method;
  EXPECT_FALSE(check("OPTIONS", foreign));
}

TEST(CrossSiteGuard, LetsItsOwnPageAndProgramsChangeThings) {
  const auto post = route("POST");
  EXPECT_FALSE(check("POST", {{"Host", "a:80"}}, &post));
  EXPECT_FALSE(check("POST", {{"Host", "a:80"}, {"Origin", "http://a:80"}}, &post));
  EXPECT_FALSE(check("POST", {{"host", "a:80"}, {"SEC-FETCH-SITE", "same-origin"}}, &post));
}

}  // namespace jobqd::http
