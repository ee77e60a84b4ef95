// What the type of a problem leads to.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <jobqd/domain/error.hpp>

#include "http/calls/api_fixture.hpp"

namespace jobqd::http {

namespace {

class Problems : public ApiTest {};

}  // namespace

TEST_F(Problems, AreAllExplained) {
  for (const auto& traits : domain::error_table()) {
    const auto response = get(fmt::format("/problems/{}", traits.slug));
    EXPECT_EQ(response.status, 200U) << traits.slug;
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    const auto beginning = fmt::format("## {}\n\n**{}: {}.**", traits.slug, traits.http_status, traits.title);
    EXPECT_TRUE(response.body.starts_with(beginning)) << traits.slug << ": " << response.body;
    EXPECT_GT(response.body.size(), beginning.size() + 20) << "a title alone explains nothing";
    EXPECT_TRUE(response.body.ends_with(".\n")) << response.body;
    EXPECT_EQ(response.body.find("\n## "), std::string::npos) << "no section but this one";
  }
}

TEST_F(Problems, HaveNamesAndNoOthers) {
  for (const auto* name : {"nope", "Internal", "internal%0A", "internal%0A%0A%2A%2A500", "%00"})
    EXPECT_EQ(summary(get(fmt::format("/problems/{}", name))), "404 /problems/not-found") << name;
  EXPECT_EQ(summary(get("/problems/")), "404 /problems/not-found");
  EXPECT_EQ(summary(get("/problems/internal/")), "404 /problems/not-found");
}

TEST_F(Problems, AreReadLikeOtherPaths) {
  EXPECT_EQ(ask("HEAD", "/problems/internal")->response().status, 200U);
  const auto options = ask("OPTIONS", "/problems/internal")->response();
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(field_of(options, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(summary(post("/problems/internal")), "405 /problems/method-not-allowed");
  EXPECT_EQ(summary(get("/problems/internal", {{"verbose", ""}})), "400 /problems/invalid-field");
}

}  // namespace jobqd::http
