#include "processors/push/credentials.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.hpp"

namespace jobqd::processors::push {

namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view secret_of_32_a = "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
constexpr std::string_view secret_of_32_b = "whsec_YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";
const std::string key_a(32, 'a');
const std::string key_b(32, 'b');

class PushCredentials : public testing::Test {
 protected:
  /// Another file at the path, with another inode, which only its owner may read.
  std::string replace(std::string_view name, std::string_view text) {
    const auto path = folder_ / name;
    const auto next = folder_ / "next";
    std::ofstream(next) << text;
    fs::permissions(next, fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(next, path);
    return path.string();
  }

  [[nodiscard]] std::string path(std::string_view name) const { return (folder_ / name).string(); }

 private:
  support::TemporaryFolder folder_;
};

Options options(std::vector<std::string> secret_files) {
  return {.url = "https://example.com/", .secret_files = std::move(secret_files)};
}

}  // namespace

TEST_F(PushCredentials, AreThoseOfVariablesAndThenThoseOfFiles) {
  auto both = options({replace("b", fmt::format("{} \r\nmore", secret_of_32_b))});
  both.secrets = {std::string(secret_of_32_a)};
  const auto credentials = Credentials::make(both).value();
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a, key_b));
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a, key_b));
}

TEST_F(PushCredentials, FollowAFileThatIsReplaced) {
  const auto credentials = Credentials::make(options({replace("s", secret_of_32_a)})).value();
  const auto held = credentials->keys();
  replace("s", secret_of_32_b);
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a)) << "nobody has looked yet";
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_b));
  EXPECT_THAT(*held, ElementsAre(key_a)) << "an attempt under way has what it has";
}

TEST_F(PushCredentials, FollowALinkAsKubernetesChangesIt) {
  replace("old", secret_of_32_a);
  replace("new", secret_of_32_b);
  fs::create_symlink("old", path("data"));
  fs::create_symlink("data", path("s"));
  const auto credentials = Credentials::make(options({path("s")})).value();
  credentials->look();
  fs::create_symlink("new", path("data.next"));
  fs::rename(path("data.next"), path("data"));
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_b));
}

TEST_F(PushCredentials, KeepWhatTheyHaveWhereAFileIsWrongAndSaySoOnce) {
  const auto credentials = Credentials::make(options({replace("s", secret_of_32_a)})).value();
  replace("s", "whsec_c2VjcmV0");
  const auto news = credentials->look();
  ASSERT_EQ(news.size(), 1U);
  EXPECT_THAT(news.front(), HasSubstr("secret_file: the first line of " + path("s") + " is no secret"));
  EXPECT_FALSE(news.front().contains("c2VjcmV0"));
  EXPECT_THAT(credentials->look(), IsEmpty()) << "it has been said";
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a));
  fs::remove(path("s"));
  EXPECT_THAT(credentials->look(), ElementsAre("secret_file: " + path("s") + ": No such file or directory"));
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a));
  replace("s", secret_of_32_b);
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_b));
  fs::remove(path("s"));
  EXPECT_EQ(credentials->look().size(), 1U) << "it is gone anew";
}

TEST_F(PushCredentials, SayOnceThatOthersMayReadASecret) {
  const auto credentials = Credentials::make(options({replace("s", secret_of_32_a)})).value();
  fs::permissions(path("s"), fs::perms::others_read, fs::perm_options::add);
  EXPECT_THAT(credentials->look(),
              ElementsAre("secret_file: " + path("s") + ": every user may read it (mode 0604)"));
  EXPECT_THAT(credentials->look(), IsEmpty());
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a)) << "it signs all the same";
  fs::permissions(path("s"), fs::perms::others_read, fs::perm_options::remove);
  EXPECT_THAT(credentials->look(), IsEmpty());
}

TEST_F(PushCredentials, KeepTheAuthoritiesWhereTheirFileIsWrong) {
  auto none = options({});
  none.ca_file = replace("ca", "no certificate");
  EXPECT_THAT(Credentials::make(none).error(), HasSubstr(path("ca")));
  const auto credentials = Credentials::make(options({})).value();
  ASSERT_NE(credentials->tls(), nullptr);
  EXPECT_THAT(credentials->look(), IsEmpty()) << "there is no file";
}

TEST_F(PushCredentials, CannotBeMadeOfAFileThatIsWrong) {
  EXPECT_EQ(Credentials::make(options({path("nowhere")})).error(),
            "secret_file: " + path("nowhere") + ": No such file or directory");
  replace("empty", "");
  EXPECT_EQ(Credentials::make(options({path("empty")})).error(),
            "secret_file: " + path("empty") + ": the file is empty");
  replace("large", std::string(65'537, 'x'));
  EXPECT_EQ(Credentials::make(options({path("large")})).error(),
            "secret_file: " + path("large") + ": it is larger than 64KiB");
}

TEST_F(PushCredentials, DoNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(Credentials::make(options({path("fifo")})).error(),
            "secret_file: " + path("fifo") + ": it is not a file");
  auto authorities = options({});
  authorities.ca_file = path("fifo");
  EXPECT_EQ(Credentials::make(authorities).error(), path("fifo") + ": it is not a file");
  const auto credentials = Credentials::make(options({replace("s", secret_of_32_a)})).value();
  fs::rename(path("fifo"), path("s"));
  EXPECT_THAT(credentials->look(), ElementsAre("secret_file: " + path("s") + ": it is not a file"));
  EXPECT_THAT(*credentials->keys(), ElementsAre(key_a));
}

}  // namespace jobqd::processors::push
