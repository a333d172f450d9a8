// SPDX-License-Identifier: Apache-2.0
// What only members read of a group, and what lets others ask to come in.
#include "lib/seal/group_secret.hpp"
#include "lib/seal/policy.hpp"
#include "lib/wire/frames.hpp"
#include "tests/lib/seal/world.hpp"

using namespace godwit;
using namespace godwit::test;

namespace {

const ConversationId crew_id{{1, 2, 3}};
const ConversationId other_id{{4, 5, 6}};
const Bytes secret(32, 0x5e);
const Bytes other_secret(32, 0x5f);

wire::GroupProfile longest()
{
    content::FileRef avatar;
    avatar.id.bytes.fill(1);
    avatar.size_bytes = ~std::uint64_t{0};
    avatar.name = std::string(content::file_name_bytes_max, 'f');
    avatar.media_type = std::string(content::media_type_bytes_max, 'm');
    return {std::string(group_name_bytes_max, 'n'),
            std::string(group_about_bytes_max, 'a'),
            std::string(group_announcement_bytes_max, 't'),
            {avatar},
            wire::SecretVector(wire::group_link_secret_bytes, 7)};
}

} // namespace

TEST_CASE("group secret: opens with the account's seed, for its group, and with nothing else")
{
    SeededEntropy entropy(3);
    const auto sealed = seal::seal_group_secret(account_key("ann"), crew_id, secret, entropy);
    REQUIRE(sealed.ok());
    CHECK(sealed->size() <= wire::group_secret_bytes_max);
    CHECK(*sealed != *seal::seal_group_secret(account_key("ann"), crew_id, secret, entropy));
    const auto opened = seal::open_group_secret(account_seed("ann"), crew_id, *sealed);
    REQUIRE(opened.ok());
    CHECK(std::ranges::equal(*opened, secret));

    const auto refused = [&](const Bytes& seed, const ConversationId& conversation, BytesView bytes) {
        const auto got = seal::open_group_secret(seed, conversation, bytes);
        return !got.ok() && got.error().code == ErrorCode::authentication_failed;
    };
    CHECK(refused(account_seed("bob"), crew_id, *sealed));
    CHECK(refused(account_seed("ann"), other_id, *sealed));
    for (std::size_t i = 0; i < sealed->size(); ++i) {
        Bytes bad = *sealed;
        bad[i] ^= 1;
        CHECK(refused(account_seed("ann"), crew_id, bad));
        CHECK(refused(account_seed("ann"), crew_id, BytesView(*sealed).first(i)));
    }
    Bytes longer = *sealed;
    longer.push_back(0);
    CHECK(refused(account_seed("ann"), crew_id, longer));
}

TEST_CASE("group secret: not for what is no account key")
{
    SeededEntropy entropy(3);
    PublicKey zero, no_point;
    no_point.bytes.fill(0xff);
    for (const PublicKey& key : {zero, no_point})
        CHECK(seal::seal_group_secret(key, crew_id, secret, entropy).error().code == ErrorCode::invalid_argument);
}

TEST_CASE("profile: read by who has the secret; its length tells little")
{
    SeededEntropy entropy(3);
    for (const auto& profile : {wire::GroupProfile{}, wire::GroupProfile{"crew", "", "", {}, {}}, longest()}) {
        const auto sealed = seal::seal_profile(secret, crew_id, profile, entropy);
        CHECK(sealed.size() <= seal::policy_profile_bytes_max);
        const auto opened = seal::open_profile(secret, crew_id, sealed);
        REQUIRE(opened.ok());
        CHECK(*opened == profile);
        CHECK(seal::open_profile(other_secret, crew_id, sealed).error().code == ErrorCode::authentication_failed);
        CHECK(seal::open_profile(secret, other_id, sealed).error().code == ErrorCode::authentication_failed);
        CHECK(seal::open_profile(Bytes(31, 0), crew_id, sealed).error().code == ErrorCode::authentication_failed);
        for (const std::size_t at : {std::size_t{0}, sealed.size() / 2, sealed.size() - 1}) {
            Bytes bad = sealed;
            bad[at] ^= 1;
            CHECK_FALSE(seal::open_profile(secret, crew_id, bad).ok());
        }
    }
    const auto bytes_for = [&](const std::string& name) {
        return seal::seal_profile(secret, crew_id, {name, "", "", {}, {}}, entropy).size();
    };
    CHECK(bytes_for("a") == bytes_for("a group of some more letters"));
    // The longest has room where what it is put into ends.
    CHECK(wire::encode(longest()).size() + 2 <= wire::group_profile_bytes_max);
}

TEST_CASE("link: says what was put into it, or that it is none")
{
    const seal::GroupLink link{crew_id, wire::SecretVector(wire::group_link_secret_bytes, 9), account_key("relay")};
    const auto text = seal::encode_group_link(link);
    CHECK(text.starts_with("godwit-group:1:"));
    CHECK(text.size() == 15 + 115);
    const auto parsed = seal::parse_group_link(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->conversation == link.conversation);
    CHECK(parsed->secret == link.secret);
    CHECK(parsed->relay_key == link.relay_key);
    const auto is_none = [](std::string_view other) {
        const auto got = seal::parse_group_link(other);
        return !got.ok() && got.error().code == ErrorCode::invalid_argument &&
               got.error().detail.find("godwit-group:1:") != std::string::npos;
    };
    CHECK(is_none(""));
    CHECK(is_none("godwit-link:2:abc"));
    CHECK(is_none(text + "A"));
    CHECK(is_none(" " + text));
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string slip = text;
        slip[i] = slip[i] == 'A' ? 'B' : 'A';
        CHECK(is_none(slip));
        CHECK(is_none(std::string_view(text).substr(0, i)));
    }
}

TEST_CASE("request: who holds the link reads it, for the one who asks")
{
    SeededEntropy entropy(3);
    const Bytes link_secret(wire::group_link_secret_bytes, 9);
    const seal::Applicant eve{"eve", account_key("eve")};
    for (const auto& text : {std::string(), std::string("let me in"), std::string(group_join_text_bytes_max, 'x')}) {
        const auto sealed = seal::seal_join(link_secret, crew_id, eve, {text}, entropy);
        CHECK(sealed.size() <= wire::group_join_bytes_max);
        const auto opened = seal::open_join(link_secret, crew_id, eve, sealed);
        REQUIRE(opened.ok());
        CHECK(opened->text == text);
        const auto refused = [&](const Bytes& by, const ConversationId& conversation, const seal::Applicant& who) {
            const auto got = seal::open_join(by, conversation, who, sealed);
            return !got.ok() && got.error().code == ErrorCode::authentication_failed;
        };
        CHECK(refused(other_secret, crew_id, eve));
        CHECK(refused(link_secret, other_id, eve));
        CHECK(refused(link_secret, crew_id, {"mallory", eve.account_key}));
        CHECK(refused(link_secret, crew_id, {"eve", account_key("mallory")}));
        // A profile is no request, though both are sealed alike.
        CHECK_FALSE(seal::open_profile(link_secret, crew_id, sealed).ok());
    }
}
