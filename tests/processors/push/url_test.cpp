#include "processors/push/url.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "processors/push/address_guard.hpp"
#include "support/suites.hpp"

namespace jobqd::processors::push {

namespace {

std::string fault(std::string_view text) {
  const auto url = read_url(text);
  return url ? "" : url.error();
}

/// Whether a push to this URL would be sent, as far as URL and address say.
bool passes(std::string_view text) {
  const auto url = read_url(text);
  return url && (!url->address || AddressGuard({}).allows(*url->address));
}

}  // namespace

TEST(Url, IsTakenApart) {
  const auto url = read_url("https://Hooks.Example.com:8443/a%20b?c=d").value();
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.host, "hooks.example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/a%20b?c=d");
  EXPECT_EQ(url.authority, "hooks.example.com:8443");
  EXPECT_FALSE(url.address);
}

TEST(Url, HasWhatIsUsualWhereItSaysNothing) {
  const auto plain = read_url("http://example.com").value();
  EXPECT_EQ(plain.port, 80);
  EXPECT_EQ(plain.target, "/");
  EXPECT_EQ(plain.authority, "example.com");
  EXPECT_EQ(read_url("HTTPS://example.com?x").value().port, 443);
  EXPECT_EQ(read_url("https://example.com?x").value().target, "/?x");
  EXPECT_EQ(read_url("https://example.com:443/").value().authority, "example.com");
}

TEST(Url, MayNameAnAddress) {
  const auto four = read_url("http://192.0.2.7:81/").value();
  EXPECT_EQ(four.address->to_string(), "192.0.2.7");
  EXPECT_EQ(four.authority, "192.0.2.7:81");
  const auto six = read_url("http://[2001:db8::7]/").value();
  EXPECT_EQ(six.address->to_string(), "2001:db8::7");
  EXPECT_EQ(six.host, "2001:db8::7");
  EXPECT_EQ(six.authority, "[2001:db8::7]");
}

TEST(Url, ThatCannotBePushedToSaysWhy) {
  for (const auto& [text, why] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "it is no URL"},
           {"example.com/x", "it is no URL"},
           {"ftp://example.com/", "it begins neither with http:// nor with https://"},
           {"http:/x", "the host is missing"},
           {"http:///x", "the host is missing or longer than 253 characters"},
           {"http://ann@example.com/", "a user or password in a URL is not sent"},
           {"http://example.com/#x", "a fragment (#) is not sent"},
           {"http://example.com:0/", "the port must be from 1 to 65535"},
           {"http://example.com:/", "the port must be from 1 to 65535"},
           {"http://example.com:65536/", "the port must be from 1 to 65535"},
           {"http://example.com:99999/", "the port must be from 1 to 65535"},
           {"http://example.com:4294967376/", "the port must be from 1 to 65535"},
           {"http://example.com:18446744073709551696/", "the port must be from 1 to 65535"},
           {"http://127.1/", "the host is no address of four decimal numbers, and no name"},
           {"http://0x7f.1/", "the host is no address of four decimal numbers, and no name"},
           {"http://2130706433/", "the host is no address of four decimal numbers, and no name"},
           {"http://01.2.3.4/", "the host is no address of four decimal numbers, and no name"},
           {"http://1.2.3.4./", "the host is no address of four decimal numbers, and no name"},
           {"http://1.2.3.4.5/", "the host is no address of four decimal numbers, and no name"},
           {"http://ex%61mple.com/", "the host is no name of a-z, 0-9, -, _ and ., and no address"},
           {"http://a..b/", "the host is no name of a-z, 0-9, -, _ and ., and no address"},
           {"http://[fe80::1%25eth0]/", "it is no URL"},
           {"http://[v1.x]/", "the host is no IPv6 address"},
           {"http://example.com/a b", "it is no URL"},
           {"http://example.com/\r\nx: y", "it is no URL"}})
    EXPECT_EQ(fault(text), why) << text;
}

TEST(Url, PassesOnlyWithAnAddressThatIsAllowed) {
  const auto cases = nlohmann::json::parse(std::ifstream(support::case_file("addresses.json")));
  ASSERT_GT(cases.size(), 100U);
  for (const auto& one : cases) {
    const auto url = one["url"].get<std::string>();
    EXPECT_EQ(passes(url), one["want"] == "allow") << url << ": " << one["rule"];
  }
}

TEST(Url, NoVectorOfThePublicSuitesPassesThatIsDenied) {
  JOBQD_SKIP_WITHOUT_SUITE("ssrf-vectors.json");
  const auto vectors = nlohmann::json::parse(std::ifstream(support::suite_file("ssrf-vectors.json")));
  int denied = 0;
  for (const auto& vector : vectors) {
    const auto url = vector["url"].get<std::string>();
    // Names, which the lookup and the guard decide about; and two that its source allows by a list of its
    // own.
    const bool is_name =
        url.contains("localhost") || url.contains("metadata.google") || url.contains("instance-data");
    const bool by_list = url == "http://172.16.1.1/" || url == "http://192.168.1.1/";
    if (is_name) continue;
    const bool want = vector["want"] == "allow" && !by_list;
    EXPECT_EQ(passes(url), want) << url;
    denied += want ? 0 : 1;
  }
  EXPECT_GT(denied, 100);
}

}  // namespace jobqd::processors::push
