#include "processors/push/address_guard.hpp"

#include <gtest/gtest.h>

namespace jobqd::processors::push {

namespace {

bool allowed(std::string_view address, std::vector<std::string_view> networks = {}) {
  std::vector<Network> allow;
  for (const auto network : networks) allow.push_back(read_network(network).value());
  return AddressGuard(std::move(allow)).allows(boost::asio::ip::make_address(address));
}

}  // namespace

TEST(AddressGuard, LetsThePublicInternetPass) {
  for (const auto* address :
       {"8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "223.255.255.255", "2606:4700:4700::1111", "64:ff9c::1", "2003::1"})
    EXPECT_TRUE(allowed(address)) << address;
}

TEST(AddressGuard, KeepsEverySpecialNetworkOut) {
  for (const auto* address : {"0.0.0.0",
                              "0.255.255.255",
                              "10.0.0.0",
                              "10.255.255.255",
                              "100.64.0.0",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.255",
                              "169.254.169.254",
                              "169.254.170.2",
                              "172.16.0.0",
                              "172.31.255.255",
                              "192.0.0.192",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.0.0",
                              "192.168.255.255",
                              "198.18.0.0",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::7f00:1",
                              "::ffff:8.8.8.8",
                              "::ffff:127.0.0.1",
                              "::ffff:0:127.0.0.1",
                              "64:ff9b::8.8.8.8",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2002:808:808::1",
                              "3fff::1",
                              "5f00::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "ff02::1"})
    EXPECT_FALSE(allowed(address)) << address;
}

TEST(AddressGuard, LetsPassWhatIsAllowedByName) {
  EXPECT_TRUE(allowed("127.0.0.1", {"127.0.0.0/8"}));
  EXPECT_TRUE(allowed("10.1.2.3", {"192.168.0.0/16", "10.1.0.0/16"}));
  EXPECT_FALSE(allowed("10.2.2.3", {"192.168.0.0/16", "10.1.0.0/16"}));
  EXPECT_TRUE(allowed("fd00::1", {"fd00::/8"}));
  EXPECT_TRUE(allowed("::1", {"::1/128"}));
  EXPECT_TRUE(allowed("10.1.2.3", {"0.0.0.0/0"}));
  EXPECT_FALSE(allowed("::1", {"0.0.0.0/0"}));
}

TEST(AddressGuard, KnowsAMappedAddressAsNoWayRound) {
  EXPECT_FALSE(allowed("::ffff:127.0.0.1", {"127.0.0.0/8"}));
  EXPECT_FALSE(allowed("::ffff:127.0.0.1", {"::/0"}));
}

TEST(ReadNetwork, WantsAPrefixAndNothingBehindIt) {
  for (const auto* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ",
                           "10.0.0/8", "::/129", "fe80::1%eth0/128", "example.com/8", "/8", "10.0.0.0/8/8"})
    EXPECT_EQ(read_network(text).error(), "it is not a network, such as 10.1.0.0/16 or fd00::/8") << text;
  for (const auto* text : {"10.0.0.1/8", "fd00::1/8", "127.0.0.1/0"})
    EXPECT_EQ(read_network(text).error(), "it has bits set behind its prefix") << text;
}

}  // namespace jobqd::processors::push
