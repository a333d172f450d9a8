// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/link_grant.hpp"

#include "lib/crypto/hash.hpp"
#include "lib/crypto/hpke.hpp"
#include "tests/lib/seal/world.hpp"

using namespace godwit;
using namespace godwit::test;

namespace {

struct Linking {
    World world;
    Member& old = world.device("ann", "old");
    SeededEntropy entropy{77};
    DeviceId fresh = crypto::SigningKey::from_seed(Bytes(32, 5)).public_key();
    seal::LinkOffer offer = seal::make_link_offer(fresh, entropy);

    seal::LinkGrant grant(const std::string& user = "ann", const std::string& account = "ann")
    {
        const auto own = wire::decode_certificate(old.certificate);
        const auto list = identity::sign_device_list(user, account_seed(account), 4, {*own}, 1);
        return {user, account_key(account), account_seed(account), list.encoded};
    }
    seal::LinkCode code() { return *seal::parse_link_code(seal::link_code(offer)); }
    /// By somebody who has seen this code.
    bool opens(const seal::LinkCode& seen, const seal::LinkGrant& what)
    {
        return seal::open_link_grant(offer, seal::seal_link_grant(seen, what, entropy)).ok();
    }
};

} // namespace

TEST_CASE("link: a code, a grant, an account on a new device")
{
    Linking l;
    const auto text = seal::link_code(l.offer);
    CHECK(text.starts_with("godwit-link:2:"));
    CHECK(text.size() == 14 + 136);
    const auto code = seal::parse_link_code(text);
    REQUIRE(code.ok());
    CHECK(code->device == l.fresh);
    CHECK(code->secret == l.offer.secret);
    const auto sealed = seal::seal_link_grant(*code, l.grant(), l.entropy);
    CHECK(sealed.size() <= wire::link_grant_bytes_max);
    const auto opened = seal::open_link_grant(l.offer, sealed);
    REQUIRE(opened.ok());
    CHECK(opened->user == "ann");
    CHECK(opened->account_key == account_key("ann"));
    CHECK(opened->account_seed == account_seed("ann"));
    CHECK(opened->device_list == l.grant().device_list);
    // Two grants for one code have nothing in common to see.
    CHECK(seal::seal_link_grant(*code, l.grant(), l.entropy) != sealed);
}

TEST_CASE("link: what is no code is told so")
{
    Linking l;
    const auto text = seal::link_code(l.offer);
    const auto refused = [](const std::string& code) {
        const auto out = seal::parse_link_code(code);
        return !out.ok() && out.error().code == ErrorCode::invalid_argument &&
               out.error().detail.find("godwit-link:2:") != std::string::npos;
    };
    CHECK(refused(""));
    CHECK(refused("hello"));
    CHECK(refused("godwit-link:2:"));
    CHECK(refused("godwit-link:9:" + text.substr(14)));
    CHECK(refused(text.substr(1)));
    CHECK(refused(text.substr(0, text.size() - 1)));
    CHECK(refused(text + "A"));
    CHECK(refused(text + "="));
    CHECK(refused("godwit-verify:1:ann:x:bob:y"));
    CHECK(refused(std::string(100'000, 'A')));
    auto low = to_bytes(l.fresh.view());
    append(low, Bytes(32, 0)); // A point of low order for an HPKE key.
    append(low, l.offer.secret);
    const auto check = crypto::transcript_hash("godwit link code check 2", {low});
    append(low, BytesView(check).first(6));
    CHECK(refused("godwit-link:2:" + to_base64url(low)));
}

TEST_CASE("link: a slip anywhere in a code, its secret too, is told at once")
{
    Linking l;
    const auto text = seal::link_code(l.offer);
    const auto raw = *from_base64url(text.substr(14));
    REQUIRE(raw.size() == 32 + 32 + 32 + 6);
    for (std::size_t i = 0; i < raw.size(); ++i) {
        CAPTURE(i);
        auto slip = raw;
        slip[i] ^= 1;
        CHECK_FALSE(seal::parse_link_code("godwit-link:2:" + to_base64url(slip)).ok());
    }
    for (std::size_t i = 14; i + 1 < text.size(); ++i) { // two letters changed about
        auto slip = text;
        std::swap(slip[i], slip[i + 1]);
        CHECK(seal::parse_link_code(slip).ok() == (slip == text));
    }
}

TEST_CASE("link: forged grants are refused")
{
    Linking l;
    const auto good = l.code();
    CHECK(l.opens(good, l.grant()));

    SUBCASE("by the relay, which knows the device key but not the code")
    {
        auto guessed = good;
        guessed.secret.assign(32, 0);
        CHECK_FALSE(l.opens(guessed, l.grant()));
        guessed = good;
        guessed.hpke_public = crypto::HpkeKeyPair::derive(Bytes(32, 1)).public_key;
        CHECK_FALSE(l.opens(guessed, l.grant()));
    }
    SUBCASE("for another device")
    {
        auto other = good;
        other.device = l.old.id;
        CHECK_FALSE(l.opens(other, l.grant()));
    }
    SUBCASE("whose parts do not belong together")
    {
        auto grant = l.grant();
        grant.account_key = account_key("eve");
        CHECK_FALSE(l.opens(good, grant));
        grant = l.grant();
        grant.account_seed = account_seed("eve");
        CHECK_FALSE(l.opens(good, grant));
        grant = l.grant();
        grant.account_seed.pop_back();
        CHECK_FALSE(l.opens(good, grant));
        grant = l.grant();
        grant.user = "eve";
        CHECK_FALSE(l.opens(good, grant));
        grant = l.grant();
        grant.device_list.clear();
        CHECK_FALSE(l.opens(good, grant));
        grant = l.grant();
        grant.device_list[40] ^= 1;
        CHECK_FALSE(l.opens(good, grant));
        CHECK_FALSE(l.opens(good, l.grant("eve", "eve"))); // A list of Eve's with a certificate of Ann's.
    }
    SUBCASE("touched on the way")
    {
        const auto sealed = seal::seal_link_grant(good, l.grant(), l.entropy);
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            CAPTURE(i);
            Bytes bad = sealed;
            bad[i] ^= 1;
            const auto out = seal::open_link_grant(l.offer, bad);
            REQUIRE_FALSE(out.ok());
            CHECK(out.error().code == ErrorCode::authentication_failed);
            CHECK_FALSE(seal::open_link_grant(l.offer, BytesView(sealed).first(i)).ok());
        }
        Bytes longer = sealed;
        longer.push_back(0);
        CHECK_FALSE(seal::open_link_grant(l.offer, longer).ok());
        CHECK_FALSE(seal::open_link_grant(l.offer, Bytes(wire::link_grant_bytes_max + 1, 1)).ok());
    }
    SUBCASE("opened by another device that was shown it")
    {
        const auto sealed = seal::seal_link_grant(good, l.grant(), l.entropy);
        CHECK_FALSE(seal::open_link_grant(seal::make_link_offer(l.fresh, l.entropy), sealed).ok());
    }
}
