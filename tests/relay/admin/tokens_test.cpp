// SPDX-License-Identifier: Apache-2.0
#include "lib/base/bytes.hpp"
#include "relay/admin/tokens.hpp"
#include "relay/store/store.hpp"
#include "tests/relay/rig.hpp"

namespace godwit::relay::admin {

namespace {

constexpr WallMs now = 1'700'000'000'000;
constexpr WallMs hour = 3'600'000;

struct Desk {
    Store store = Store::open_in_memory().value();
    test::SeededEntropy entropy;
    Tokens tokens{store, entropy};

    std::string add(std::string_view name, Role role = Role::viewer, WallMs lifetime = 0)
    {
        auto out = tokens.add(name, role, lifetime, now);
        REQUIRE_MESSAGE(out.ok(), out.error().detail);
        return *out;
    }
    ErrorCode code(std::string_view name, Role role = Role::viewer, WallMs lifetime = 0)
    {
        const auto out = tokens.add(name, role, lifetime, now);
        return out.ok() ? ErrorCode::ok : out.error().code;
    }
};

} // namespace

TEST_CASE("a token is known by itself, until it is revoked or over, and what is stored is no token")
{
    Desk desk;
    const auto token = desk.add("ann@example.org", Role::support, hour);
    CHECK(token.substr(0, 4) == "gwa_");
    CHECK(token.size() == 47);
    const auto caller = desk.tokens.caller(token, now);
    REQUIRE(caller);
    CHECK(caller->name == "ann@example.org");
    CHECK(caller->role == Role::support);
    CHECK(desk.tokens.caller(token, now + hour - 1));
    CHECK_FALSE(desk.tokens.caller(token, now + hour));

    const auto listed = desk.tokens.list();
    REQUIRE(listed.size() == 1);
    CHECK_FALSE(desk.tokens.caller("gwa_" + to_base64url(listed[0].hash.view()), now));
    CHECK(desk.add("bo") != token);
    REQUIRE(desk.tokens.revoke("ann@example.org").ok());
    CHECK_FALSE(desk.tokens.caller(token, now));
    CHECK(desk.tokens.revoke("ann@example.org").error().code == ErrorCode::invalid_argument);
}

TEST_CASE("what is nearly a token is none")
{
    Desk desk;
    const auto token = desk.add("ann");
    for (std::size_t at = 0; at < token.size(); ++at) {
        auto other = token;
        other[at] = other[at] == 'A' ? 'B' : 'A';
        CHECK_FALSE(desk.tokens.caller(other, now));
    }
    for (const auto& other : {std::string(), std::string("gwa_"), token.substr(0, 46), token + "A", token.substr(4)})
        CHECK_FALSE(desk.tokens.caller(other, now));
}

TEST_CASE("a role that this relay does not know may nothing")
{
    Desk desk;
    const auto token = desk.add("ann", Role::owner);
    static_cast<Ledger&>(desk.store).write("UPDATE admin_tokens SET role = 9");
    CHECK_FALSE(desk.tokens.caller(token, now));
}

TEST_CASE("a token of one application: no owner, and it goes with its application and with no other")
{
    Desk desk;
    AppTable apps(desk.store);
    const auto app = [&](const std::string& name) {
        StoredApp out;
        out.name = name;
        out.key = "key of " + name;
        return apps.add(out);
    };
    const auto acme = app("acme"), zenith = app("zenith");
    CHECK(desk.tokens.add("ann", Role::owner, 0, now, acme).error().code == ErrorCode::invalid_argument);
    const auto ann = desk.tokens.add("ann", Role::operator_, 0, now, acme);
    const auto bo = desk.tokens.add("bo", Role::viewer, 0, now, zenith);
    const auto all = desk.add("cy", Role::owner);
    REQUIRE(ann.ok());
    REQUIRE(bo.ok());
    CHECK(desk.tokens.caller(*ann, now)->app == acme);
    CHECK(desk.tokens.caller(*bo, now)->app == zenith);
    CHECK(desk.tokens.caller(all, now)->app == 0);
    apps.remove(acme);
    CHECK_FALSE(desk.tokens.caller(*ann, now));
    CHECK(desk.tokens.caller(*bo, now));
    CHECK(desk.tokens.caller(all, now));
    CHECK(desk.tokens.list().size() == 2);
}

TEST_CASE("names, roles, lifetimes and the number of tokens are bounded")
{
    Desk desk;
    for (const auto* const wrong : {"", "local", "An", "a b", "a\n", "\xC3\xA9"})
        CHECK(desk.code(wrong) == ErrorCode::invalid_argument);
    CHECK(desk.code(std::string(token_name_bytes_max, 'a')) == ErrorCode::ok);
    CHECK(desk.code(std::string(token_name_bytes_max + 1, 'a')) == ErrorCode::invalid_argument);
    CHECK(desk.code("b", static_cast<Role>(9)) == ErrorCode::invalid_argument);
    CHECK(desk.code("b", Role::owner, token_lifetime_ms_max) == ErrorCode::ok);
    CHECK(desk.code("b") == ErrorCode::conflict);
    CHECK(desk.code("c", Role::owner, token_lifetime_ms_max + 1) == ErrorCode::invalid_argument);
    for (std::size_t n = desk.tokens.list().size(); n < tokens_max; ++n)
        REQUIRE(desk.code("t" + std::to_string(n)) == ErrorCode::ok);
    CHECK(desk.code("more") == ErrorCode::quota_exceeded);
    REQUIRE(desk.tokens.revoke("b").ok());
    CHECK(desk.code("more") == ErrorCode::ok);
}

} // namespace godwit::relay::admin
