#include "runtime/net/identity.hpp"

#include <gtest/gtest.h>

#include "unit/runtime/net/test_hosts.hpp"

namespace dart::runtime::test {
namespace {

/// Carries bytes between two sessions until both are done or one fails.
Status shake(TlsSession& client, TlsSession& server) {
  std::string plain;
  std::string to_server;
  std::string to_client;
  DART_TRY_STATUS(client.receive({}, plain, to_server));
  while (!to_server.empty() || !to_client.empty()) {
    const std::string out = std::exchange(to_server, {});
    if (!out.empty()) DART_TRY_STATUS(server.receive(out, plain, to_client));
    const std::string back = std::exchange(to_client, {});
    if (!back.empty()) DART_TRY_STATUS(client.receive(back, plain, to_server));
  }
  return {};
}

TEST(Identity, TlsProvesKeyAndLimit) {
  const auto a = member("a", 3);
  const auto b = member("b", 7);
  const auto client = a->open_session(true);
  const auto server = b->open_session(false);
  const auto status = shake(*client, *server);
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_TRUE(client->established() && server->established());
  EXPECT_EQ(client->peer().key, b->proof().key);
  EXPECT_EQ(client->peer().node_limit, 7U);
  EXPECT_EQ(server->peer().key, a->proof().key);
  EXPECT_EQ(server->peer().node_limit, 3U);
  std::string cipher;
  ASSERT_TRUE(client->send("secret words", cipher));
  EXPECT_EQ(cipher.find("secret"), std::string::npos);
  std::string plain;
  std::string out;
  ASSERT_TRUE(server->receive(cipher, plain, out));
  EXPECT_EQ(plain, "secret words");
  cipher.clear();
  ASSERT_TRUE(client->send("again", cipher));
  cipher[cipher.size() / 2] = static_cast<char>(cipher[cipher.size() / 2] ^ 1);
  EXPECT_FALSE(server->receive(cipher, plain, out)) << "one flipped bit";
}

TEST(Identity, AnotherAuthorityIsNoMember) {
  const auto other = *make_authority("other", 1);
  const auto a = member("a");
  const auto stranger = member("b", 1, other);
  EXPECT_FALSE(shake(*a->open_session(true), *stranger->open_session(false)));
  EXPECT_FALSE(shake(*stranger->open_session(true), *a->open_session(false)));
}

TEST(Identity, AHostCannotSignForOthers) {
  // The certificate of a host in the place of the authority's: its holder is no authority.
  const auto host = *make_host_certificate(authority(), "host", 1, 1);
  const auto forged = *make_host_certificate(host, "forged", 1000, 1);
  EXPECT_FALSE(HostIdentity::secure(authority().certificate, forged));
  const auto mine = HostIdentity::secure(host.certificate, forged);
  ASSERT_TRUE(mine);
  EXPECT_FALSE(shake(*(*mine)->open_session(true), *member("a")->open_session(false)));
}

TEST(Identity, CertificateKeyAndAuthorityMustBelongTogether) {
  const auto a = *make_host_certificate(authority(), "a", 1, 1);
  const auto b = *make_host_certificate(authority(), "b", 1, 1);
  EXPECT_FALSE(HostIdentity::secure(authority().certificate, {a.certificate, b.key}));
  EXPECT_FALSE(HostIdentity::secure(make_authority("x", 1)->certificate, a));
  EXPECT_FALSE(HostIdentity::secure("no PEM", a));
  EXPECT_FALSE(make_host_certificate({authority().certificate, b.key}, "c", 1, 1));
}

TEST(Identity, NodeIdsFollowFromKeyAndIndexForGood) {
  HostKey key{};
  key.fill(0x11);
  // Frozen: an id must not change with a release.
  EXPECT_EQ(node_id(key, 0).text(), "075fce99a18c5a946572efe571afdbc7");
  EXPECT_EQ(node_id(key, 70000).text(), "62f05e9015370f5959ccc3aefcc9cd12");
  key[31] = 0x12;
  EXPECT_NE(node_id(key, 0).text(), "075fce99a18c5a946572efe571afdbc7");
}

}  // namespace
}  // namespace dart::runtime::test
