// SPDX-License-Identifier: Apache-2.0
// A relay that drops a contact and shows it again must not thereby change who it is.
#include "lib/engine/roster.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <doctest/doctest.h>

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
            if (const auto* security = std::get_if<event::Security>(&one)) out.push_back(security->kind);
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
    SUBCASE("another key")
    {
        CHECK(shown(list_of(9, 1, 1)) == Kinds{SecurityKind::account_key_changed});
    }
}
