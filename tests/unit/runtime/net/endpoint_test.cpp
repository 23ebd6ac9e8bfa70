#include "runtime/net/endpoint.hpp"

#include <gtest/gtest.h>

namespace dart::runtime {
namespace {

TEST(EndpointText, ReadsWhatItWrites) {
  for (const char* text :
       {"127.0.0.1:7400", "10.20.30.40:1", "[::1]:65535", "[2001:db8::7]:7400", "0.0.0.0:0"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(text_of(*endpoint), text);
  }
}

TEST(EndpointText, RefusesWhatIsNone) {
  for (const char* text : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                           "localhost:7400", "::1:7400", "[::1", "[::1]7400", "256.0.0.1:1", ":7400"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(EndpointText, TellsKindsApart) {
  EXPECT_TRUE(is_loopback(*parse_endpoint("127.9.9.9:1")));
  EXPECT_TRUE(is_loopback(*parse_endpoint("[::1]:1")));
  EXPECT_FALSE(is_loopback(*parse_endpoint("128.0.0.1:1")));
  EXPECT_FALSE(is_loopback(*parse_endpoint("[::2]:1")));
  EXPECT_TRUE(is_wildcard(*parse_endpoint("0.0.0.0:1")));
  EXPECT_TRUE(is_wildcard(*parse_endpoint("[::]:1")));
  EXPECT_FALSE(is_wildcard(*parse_endpoint("0.0.0.1:1")));
}

TEST(EndpointText, NamesAreResolvedWithADefaultPort) {
  const auto named = resolve_endpoint("localhost", 7400);
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_TRUE(is_loopback(named->front()));
  EXPECT_EQ(named->front().port, 7400);
  const auto numeric = resolve_endpoint("192.0.2.1:99", 7400);
  ASSERT_TRUE(numeric);
  EXPECT_EQ(text_of(numeric->front()), "192.0.2.1:99");
}

}  // namespace
}  // namespace dart::runtime
