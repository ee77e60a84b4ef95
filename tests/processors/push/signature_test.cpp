#include "processors/push/signature.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "processors/push/options.hpp"
#include "support/suites.hpp"

namespace jobqd::processors::push {

namespace {

base::WallTime at(std::int64_t seconds) {
  return base::WallTime{std::chrono::seconds{seconds}};
}

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

}  // namespace

TEST(Signature, IsThatOfThePublishedVectors) {
  JOBQD_SKIP_WITHOUT_SUITE("standard-webhooks-vectors.json");
  const auto vectors =
      nlohmann::json::parse(std::ifstream(support::suite_file("standard-webhooks-vectors.json")));
  ASSERT_FALSE(vectors.empty());
  for (const auto& vector : vectors) {
    const std::vector keys{read_secret(vector["secret"].get<std::string>()).value()};
    EXPECT_EQ(signatures(keys, vector["id"].get<std::string>(), at(vector["timestamp"]),
                         vector["payload"].get<std::string>()),
              vector["signature"]);
  }
}

TEST(Signature, IsTheHmacOfIdTimeAndBody) {
  // Made with `openssl dgst -sha256 -mac HMAC` over ID.TIME.BODY; the key is the bytes 0 to 31.
  const std::vector key{read_secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").value()};
  EXPECT_EQ(signatures(key, "job-1", at(1'700'000'000), R"({"to":"ann@example.com"})"),
            "v1,Cg0s98LMsAiTf7jWsTjsI9ltqxj0CgzXHGnsCB35NZk=");
  EXPECT_EQ(signatures(key, "caf%C3%A9", at(1), ""), "v1,1rX6fygwUuGTEAuCN7N4AKxKVMTnH/hI0l6XEPJJLTw=");
}

TEST(Signature, OfSeveralSecretsStandSideBySide) {
  const std::vector one{read_secret(secret).value()};
  const std::vector two{read_secret(secret).value(), std::string(32, 'k')};
  const auto both = signatures(two, "a", at(1), "{}");
  EXPECT_TRUE(both.starts_with(signatures(one, "a", at(1), "{}") + " v1,"));
}

TEST(Signature, CoversIdTimeAndBody) {
  const std::vector keys{read_secret(secret).value()};
  const auto signature = signatures(keys, "a", at(1), "{}");
  EXPECT_NE(signatures(keys, "b", at(1), "{}"), signature);
  EXPECT_NE(signatures(keys, "a", at(2), "{}"), signature);
  EXPECT_NE(signatures(keys, "a", at(1), "[]"), signature);
  EXPECT_EQ(timestamp(base::WallTime{base::milliseconds{1'999}}), "1");
}

TEST(Secret, HasAPrefixAndEnoughBytes) {
  EXPECT_EQ(secret_fault(secret), "");
  EXPECT_EQ(read_secret(secret).value().size(), 24U);
  for (const std::string wrong :
       {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La", "whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    EXPECT_EQ(secret_fault(wrong), "it is not whsec_ and the base64 of 24 to 64 bytes") << wrong;
  EXPECT_NE(secret_fault("whsec_" + std::string(88, 'A')), "");
}

TEST(Ids, AreCarriedSoThatTheyStayDifferent) {
  EXPECT_EQ(webhook_id("msg_p5jX-~N8"), "msg_p5jX-~N8");
  EXPECT_EQ(webhook_id("a.b"), "a%2Eb");
  EXPECT_EQ(webhook_id("a%2Eb"), "a%252Eb");
  EXPECT_EQ(webhook_id("\xC3\xA4 \r\n"), "%C3%A4%20%0D%0A");
  EXPECT_EQ(header_id("a.b/c:d"), "a.b/c:d");
  EXPECT_EQ(header_id("100% \xC3\xA4"), "100%25%20%C3%A4");
}

}  // namespace jobqd::processors::push
