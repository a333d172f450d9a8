// SPDX-License-Identifier: Apache-2.0
// A relay that drops a contact and shows it again must not thereby change who it is.
#include "lib/engine/former.hpp"
#include "lib/engine/roster.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace godwit;

namespace {

identity::DeviceList list_of(std::uint8_t account, std::uint64_t version, std::size_t devices)
{
    const Bytes seed(32, account);
    std::vector<wire::DeviceCertificate> out;
    for (std::size_t i = 0; i < devices; ++i) {
        wire::DeviceCertificate one;
        one.user = "bob";
        one.device.bytes.fill(static_cast<std::uint8_t>(account + 1 + i));
        one.device_name = "a\x1b[1m\nb";
        out.push_back(identity::sign_certificate(one, seed));
    }
    return identity::sign_device_list("bob", seed, version, out, 0);
}

struct Silent : port::Trace {
    void line(port::TraceLevel, std::string_view, std::string_view) override {}
};

} // namespace

TEST_CASE("a contact that the relay drops and shows again: another key or an older list is a security event")
{
    engine::Config config;
    testing::MemoryStore store;
    test::SeededEntropy entropy(1);
    Silent trace;
    engine::Context context{config, store, entropy, trace, {}, {}, 0, 0};
    engine::Roster roster(context);
    store.begin();
    const auto shown = [&](const identity::DeviceList& list) {
        context.events.clear();
        wire::RosterEntry entry{"bob", wire::RosterState::accepted, list.devices.front().account_key, list.encoded, {}};
        (void)roster.page({{entry}, {}, true});
        std::vector<SecurityKind> out;
        for (const auto& one : context.events)
            if (const auto* security = std::get_if<event::Security>(&one)) {
                out.push_back(security->kind);
                if (security->kind == SecurityKind::device_added) CHECK(security->detail == "a_[1m b");
            }
        return out;
    };
    using Kinds = std::vector<SecurityKind>;
    CHECK(shown(list_of(1, 2, 1)).empty());
    (void)roster.page({{}, {}, true});
    CHECK(roster.person("bob") == nullptr);
    SUBCASE("the same")
    {
        CHECK(shown(list_of(1, 2, 1)).empty());
    }
    SUBCASE("an older list")
    {
        CHECK(shown(list_of(1, 1, 2)) == Kinds{SecurityKind::device_list_rollback});
        CHECK(roster.person("bob")->list.version == 2);
    }
    SUBCASE("a newer list")
    {
        CHECK(shown(list_of(1, 3, 2)) == Kinds{SecurityKind::device_added});
    }
    SUBCASE("another key: held, told once, until it is accepted")
    {
        const auto other = list_of(9, 1, 1);
        CHECK(shown(other) == Kinds{SecurityKind::account_key_changed});
        const auto* bob = roster.person("bob");
        REQUIRE(bob != nullptr);
        CHECK(bob->stored.account_key == list_of(1, 1, 1).devices.front().account_key);
        CHECK(bob->stored.shown_account_key == other.devices.front().account_key);
        CHECK(bob->list.version == 2);
        CHECK_FALSE(bob->may_talk());
        CHECK(shown(other).empty());
        // Dropped and shown again, it is still not the key that was known.
        (void)roster.page({{}, {}, true});
        CHECK(shown(other) == Kinds{SecurityKind::account_key_changed});

        const auto change = roster.accept_key("bob", true);
        CHECK(change.gone.size() == 1);
        CHECK(change.gone_reason == ErrorCode::account_key_changed);
        bob = roster.person("bob");
        CHECK(bob->may_talk());
        CHECK(bob->stored.verified);
        CHECK(bob->stored.account_key == other.devices.front().account_key);
        CHECK(bob->list.encoded == other.encoded);
        CHECK(shown(other).empty());
        CHECK(shown(list_of(1, 2, 1)) == Kinds{SecurityKind::account_key_changed});
    }
    SUBCASE("the right key after the other one")
    {
        CHECK(shown(list_of(9, 1, 1)) == Kinds{SecurityKind::account_key_changed});
        CHECK(shown(list_of(1, 2, 1)).empty());
        CHECK(roster.person("bob")->may_talk());
        CHECK(roster.accept_key("bob", false).gone.empty()); // there is nothing to accept
    }
}

TEST_CASE("former contacts are remembered up to a bound; who weighs least and is oldest is forgotten first")
{
    testing::MemoryStore store;
    store.begin();
    const auto name = [](std::size_t n) { return "user" + std::to_string(n); };
    const auto key = [](std::size_t n) {
        PublicKey out;
        out.bytes[0] = static_cast<std::uint8_t>(n);
        out.bytes[1] = static_cast<std::uint8_t>(n / 256 + 1);
        return out;
    };
    const auto remember = [&](std::size_t n, engine::FormerWeight weight) {
        return engine::remember_former(store, name(n), {key(n), Bytes(3, 7)}, weight);
    };
    using enum engine::FormerWeight;
    CHECK(remember(0, verified).empty());
    CHECK(remember(1, has_history).empty());
    for (std::size_t n = 2; n < engine::formers_max; ++n)
        CHECK(remember(n, light).empty());
    CHECK(remember(2, light).empty()); // again: the newest now
    CHECK(remember(5000, light) == name(3));
    CHECK_FALSE(engine::former_contact(store, name(3)));
    CHECK(engine::former_contact(store, name(2)));
    for (std::size_t n = 0; n < engine::formers_max; ++n)
        (void)remember(6000 + n, has_history);
    CHECK(engine::former_contact(store, name(0)));
    CHECK_FALSE(engine::former_contact(store, name(1)));
    CHECK_FALSE(engine::former_contact(store, name(5000)));
    const auto known = engine::former_contact(store, name(0));
    CHECK(known->account_key == key(0));
    CHECK(known->device_list == Bytes(3, 7));
    engine::forget_former(store, name(0));
    CHECK_FALSE(engine::former_contact(store, name(0)));
    CHECK(remember(7000, light).empty()); // there is room again
}

TEST_CASE("more contacts are removed than are remembered: the user is told who is forgotten")
{
    engine::Config config;
    testing::MemoryStore store;
    test::SeededEntropy entropy(1);
    Silent trace;
    engine::Context context{config, store, entropy, trace, {}, {}, 0, 0};
    engine::Roster roster(context);
    store.begin();
    std::size_t warnings = 0;
    for (std::size_t n = 0; n <= engine::formers_max; ++n) {
        wire::RosterEntry entry{"user" + std::to_string(n), wire::RosterState::accepted, {}, {}, {}};
        entry.account_key.bytes.fill(1);
        (void)roster.page({{entry}, {}, true}); // and the one before is dropped
        for (const auto& one : context.events)
            if (const auto* warning = std::get_if<event::Warning>(&one)) {
                ++warnings;
                CHECK(warning->what.code == ErrorCode::quota_exceeded);
            }
        context.events.clear();
    }
    CHECK(warnings == 0);
    (void)roster.page({{}, {}, true});
    const auto told = std::any_of(context.events.begin(), context.events.end(), [](const Event& one) {
        const auto* warning = std::get_if<event::Warning>(&one);
        return warning != nullptr && warning->what.detail.find("user0,") != std::string::npos;
    });
    CHECK(told);
}
