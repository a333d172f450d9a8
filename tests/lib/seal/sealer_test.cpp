// SPDX-License-Identifier: Apache-2.0
#include "lib/seal/sealer.hpp"

#include "lib/crypto/aead.hpp"
#include "lib/crypto/hash.hpp"
#include "lib/seal/envelope.hpp"
#include "lib/wire/frames.hpp"
#include "tests/lib/seal/device.hpp"
#include "tests/support/memory_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>

using namespace godwit;
using namespace godwit::seal;
using test::Device;
using testing::MemoryStore;

namespace {

/// Ann seals; the rest try to open.
struct World {
    test::SeededEntropy entropy{42};
    MemoryStore store;
    Device ann{1}, bob{2}, eve{3};
    Sealer from_ann{ann.keys(), entropy}, from_bob{bob.keys(), entropy}, from_eve{eve.keys(), entropy};
    MessageId id = *MessageId::from(Bytes(16, 0x1d));
    Bytes content = to_bytes(as_bytes("PLAINTEXT-MARKER a godwit flies without landing"));

    Bytes sealed(Purpose purpose = Purpose::content)
    {
        return from_ann.seal(purpose, id, content, {bob.certificate, ann.certificate}, store).value();
    }
    ErrorCode open(Sealer& by, BytesView bytes) { return open(by, bytes, Purpose::content, id, ann.certificate); }
    ErrorCode open(Sealer& by, BytesView bytes, Purpose purpose, const MessageId& as,
                   const wire::DeviceCertificate& sender)
    {
        const auto out = by.open(purpose, as, sender, bytes, store);
        return out.ok() ? ErrorCode::ok : out.error().code;
    }
};

bool contains(BytesView haystack, BytesView needle)
{
    return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) != haystack.end();
}

} // namespace

TEST_CASE("seal: every recipient opens it, and nobody else")
{
    World w;
    const Bytes sealed = w.sealed();
    CHECK(sealed.size() == sealed_bytes(w.content.size(), 2));
    for (Sealer* by : {&w.from_bob, &w.from_ann}) {
        const auto out = by->open(Purpose::content, w.id, w.ann.certificate, sealed, w.store);
        REQUIRE(out.ok());
        CHECK(out->content == w.content);
        CHECK(out->generation == 1);
    }
    CHECK(w.open(w.from_eve, sealed) == ErrorCode::authentication_failed);
}

TEST_CASE("seal: 1 to 128 recipients, and not 129")
{
    World w;
    std::vector<std::unique_ptr<Device>> devices;
    std::vector<wire::DeviceCertificate> certificates;
    for (std::uint64_t i = 0; i < seal_recipients_max + 1; ++i) {
        devices.push_back(std::make_unique<Device>(100 + i));
        certificates.push_back(devices.back()->certificate);
    }
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{17}, seal_recipients_max}) {
        const std::vector<wire::DeviceCertificate> some(certificates.begin(),
                                                        certificates.begin() + static_cast<std::ptrdiff_t>(count));
        const auto sealed = w.from_ann.seal(Purpose::content, w.id, w.content, some, w.store);
        REQUIRE(sealed.ok());
        CHECK(sealed->size() == sealed_bytes(w.content.size(), count));
        for (std::size_t i = 0; i < count; ++i) {
            Sealer by(devices[i]->keys(), w.entropy);
            CHECK(w.open(by, *sealed) == ErrorCode::ok);
        }
        Sealer outside(devices[count]->keys(), w.entropy);
        CHECK(w.open(outside, *sealed) == ErrorCode::authentication_failed);
    }
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, certificates, w.store).error().code ==
          ErrorCode::invalid_argument);
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, {}, w.store).error().code == ErrorCode::invalid_argument);
    const std::vector<wire::DeviceCertificate> twice{w.bob.certificate, w.bob.certificate};
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, twice, w.store).error().code ==
          ErrorCode::invalid_argument);
    auto small_order = w.bob.certificate;
    small_order.sealing_key = {};
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, {small_order}, w.store).error().code ==
          ErrorCode::invalid_argument);
}

TEST_CASE("seal: sizes from nothing to the bound, and the largest fits a frame")
{
    World w;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{180}, std::size_t{181}, text_bytes_max, seal_content_bytes_max}) {
        const Bytes content(size, 0x61);
        const auto sealed = w.from_ann.seal(Purpose::content, w.id, content, {w.bob.certificate}, w.store);
        REQUIRE(sealed.ok());
        CHECK(sealed->size() == sealed_bytes(size, 1));
        const auto out = w.from_bob.open(Purpose::content, w.id, w.ann.certificate, *sealed, w.store);
        REQUIRE(out.ok());
        CHECK(out->content == content);
    }
    CHECK(sealed_bytes(seal_content_bytes_max, seal_recipients_max) <= wire::envelope_bytes_max);
    const auto large =
        w.from_ann.seal(Purpose::content, w.id, Bytes(seal_content_bytes_max + 1), {w.bob.certificate}, w.store);
    CHECK(large.error().code == ErrorCode::message_too_large);
}

TEST_CASE("seal: short messages are of one length")
{
    World w;
    const auto length = [&](std::size_t size) {
        return w.from_ann.seal(Purpose::content, w.id, Bytes(size, 1), {w.bob.certificate}, w.store)->size();
    };
    CHECK(length(0) == length(180));
    CHECK(length(180) < length(181));
}

TEST_CASE("seal: what leaves shows neither content nor who reads it nor who wrote it")
{
    World w;
    const Bytes sealed = w.sealed();
    CHECK_FALSE(contains(sealed, as_bytes("PLAINTEXT-MARKER")));
    for (const Device* device : {&w.ann, &w.bob}) {
        CHECK_FALSE(contains(sealed, device->certificate.device.view()));
        CHECK_FALSE(contains(sealed, device->certificate.sealing_key.view()));
        CHECK_FALSE(contains(sealed, device->certificate.account_key.view()));
    }
    CHECK_FALSE(contains(sealed, w.id.view()));
}

TEST_CASE("open: every flipped byte and every cut is refused")
{
    World w;
    const Bytes sealed = w.sealed();
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        for (const auto flip : std::initializer_list<std::uint8_t>{0x01, 0x80}) {
            Bytes bad = sealed;
            bad[i] ^= flip;
            CAPTURE(i);
            CHECK(w.open(w.from_bob, bad) != ErrorCode::ok);
        }
        CHECK(w.open(w.from_bob, BytesView(sealed).first(i)) == ErrorCode::malformed);
    }
    Bytes longer = sealed;
    longer.push_back(0);
    CHECK(w.open(w.from_bob, longer) == ErrorCode::malformed);
}

TEST_CASE("open: another sender, purpose or id is refused")
{
    World w;
    const Bytes sealed = w.sealed();
    REQUIRE(w.open(w.from_bob, sealed) == ErrorCode::ok);
    CHECK(w.open(w.from_bob, sealed, Purpose::content, w.id, w.eve.certificate) == ErrorCode::authentication_failed);
    CHECK(w.open(w.from_bob, sealed, Purpose::content, w.id, w.bob.certificate) == ErrorCode::authentication_failed);
    CHECK(w.open(w.from_bob, sealed, Purpose::receipt, w.id, w.ann.certificate) == ErrorCode::authentication_failed);
    CHECK(w.open(w.from_bob, sealed, Purpose::signal, w.id, w.ann.certificate) == ErrorCode::authentication_failed);
    MessageId other = w.id;
    other.bytes[15] ^= 1;
    CHECK(w.open(w.from_bob, sealed, Purpose::content, other, w.ann.certificate) == ErrorCode::authentication_failed);
}

TEST_CASE("open: slots of one envelope are of no use in another")
{
    World w;
    const Bytes one = w.sealed(), two = w.sealed();
    REQUIRE(one.size() == two.size());
    const std::size_t head = head_fixed_bytes + 2 * slot_bytes;
    SUBCASE("slots of the other")
    {
        Bytes mixed = one;
        std::copy(two.begin() + head_fixed_bytes, two.begin() + static_cast<std::ptrdiff_t>(head),
                  mixed.begin() + head_fixed_bytes);
        CHECK(w.open(w.from_bob, mixed) == ErrorCode::authentication_failed);
    }
    SUBCASE("head of the other")
    {
        Bytes mixed = one;
        std::copy(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(head), mixed.begin());
        CHECK(w.open(w.from_bob, mixed) == ErrorCode::authentication_failed);
    }
    SUBCASE("one slot dropped: who shortens the list of readers is noticed by those who remain")
    {
        for (const std::size_t drop : {std::size_t{0}, std::size_t{1}}) {
            Bytes cut = one;
            cut[1] = 0;
            const auto from = cut.begin() + static_cast<std::ptrdiff_t>(head_fixed_bytes + drop * slot_bytes);
            cut.erase(from, from + slot_bytes);
            CHECK(w.open(w.from_bob, cut) == ErrorCode::authentication_failed);
        }
    }
}

TEST_CASE("open: a recipient, who knows the content key, cannot pass on other words or to other people")
{
    World w;
    const Bytes sealed = w.sealed();
    const auto view = parse_sealed(sealed);
    REQUIRE(view);

    // What a malicious Bob can compute: his slot's keys, the content key, the inner with Ann's signature.
    Bytes about{static_cast<std::uint8_t>(Purpose::content)};
    append(about, w.id.view());
    append(about, w.ann.certificate.device.view());
    const auto shared = crypto::exchange(w.bob.sealing_secret, view->ephemeral_key);
    REQUIRE(shared);
    crypto::SecretArray<40> keys;
    crypto::derive(shared->view(), "godwit seal slot 1",
                   {about, view->ephemeral_key, w.bob.certificate.sealing_key.view()}, keys.span());
    const Bytes nonce(24);
    std::optional<Bytes> content_key;
    for (std::size_t at = 0; at < view->slots.size(); at += slot_bytes)
        if (auto key = crypto::xchacha_open(keys.view().first(32), nonce, {},
                                            view->slots.subspan(at + slot_tag_bytes, slot_wrap_bytes)))
            content_key = key;
    REQUIRE(content_key);
    const auto context = crypto::transcript_hash("godwit seal body 1", {about, view->head});
    const auto inner_bytes = crypto::xchacha_open(*content_key, nonce, context, view->body);
    REQUIRE(inner_bytes);
    const auto inner = parse_inner(*inner_bytes);
    REQUIRE(inner);

    SUBCASE("other words to Ann's other devices, under the same slots")
    {
        Bytes words = w.content;
        words[0] ^= 1;
        Bytes forged = to_bytes(view->head);
        append(forged, crypto::xchacha_seal(*content_key, nonce, context,
                                            format_inner(inner->signature, inner->generation, words)));
        CHECK(w.open(w.from_ann, forged) == ErrorCode::authentication_failed);
    }
    SUBCASE("another generation")
    {
        Bytes forged = to_bytes(view->head);
        append(forged, crypto::xchacha_seal(*content_key, nonce, context,
                                            format_inner(inner->signature, inner->generation + 1, w.content)));
        CHECK(w.open(w.from_ann, forged) == ErrorCode::authentication_failed);
    }
    SUBCASE("the same inner re-encrypted opens: the method of these forgeries is right")
    {
        Bytes same = to_bytes(view->head);
        append(same, crypto::xchacha_seal(*content_key, nonce, context, *inner_bytes));
        CHECK(w.open(w.from_ann, same) == ErrorCode::ok);
    }
    SUBCASE("Ann's signed words to Eve, in an envelope of Bob's making")
    {
        const Bytes ephemeral_secret(32, 0x33);
        const auto ephemeral = crypto::exchange_public_key(ephemeral_secret);
        const auto with_eve = crypto::exchange(ephemeral_secret, w.eve.certificate.sealing_key.view());
        REQUIRE(with_eve);
        crypto::derive(with_eve->view(), "godwit seal slot 1", {about, ephemeral, w.eve.certificate.sealing_key.view()},
                       keys.span());
        Bytes forged{sealed_version, 0};
        append(forged, ephemeral);
        append(forged, keys.view().subspan(32));
        append(forged, crypto::xchacha_seal(keys.view().first(32), nonce, {}, *content_key));
        const auto forged_context = crypto::transcript_hash("godwit seal body 1", {about, forged});
        append(forged, crypto::xchacha_seal(*content_key, nonce, forged_context, *inner_bytes));
        CHECK(w.open(w.from_eve, forged) == ErrorCode::authentication_failed);
    }
}

TEST_CASE("open: a point of small order as ephemeral key is refused")
{
    World w;
    Bytes sealed = w.sealed();
    std::fill(sealed.begin() + 2, sealed.begin() + 34, std::uint8_t{0});
    CHECK(w.open(w.from_bob, sealed) == ErrorCode::authentication_failed);
}

TEST_CASE("generation: strictly increasing per purpose, across a reopened store")
{
    World w;
    const auto generation = [&](Purpose purpose, MemoryStore& store) {
        const auto sealed = w.from_ann.seal(purpose, w.id, w.content, {w.bob.certificate}, store);
        return w.from_bob.open(purpose, w.id, w.ann.certificate, sealed.value(), store)->generation;
    };
    w.store.begin();
    CHECK(generation(Purpose::content, w.store) == 1);
    CHECK(generation(Purpose::content, w.store) == 2);
    CHECK(generation(Purpose::signal, w.store) == 1);
    CHECK(w.store.dirty());
    REQUIRE(w.store.commit().ok());

    MemoryStore reopened = w.store;
    CHECK(generation(Purpose::content, reopened) == 3);
    CHECK(generation(Purpose::signal, reopened) == 2);
    CHECK(generation(Purpose::receipt, reopened) == 1);
}

TEST_CASE("generation: after a rollback it comes again, under other keys")
{
    World w;
    w.store.begin();
    const Bytes lost = w.sealed();
    w.store.rollback();
    CHECK_FALSE(w.store.value("seal/generation/content"));
    w.store.begin();
    const Bytes kept = w.sealed();
    REQUIRE(w.store.commit().ok());
    CHECK(w.from_bob.open(Purpose::content, w.id, w.ann.certificate, kept, w.store)->generation == 1);
    CHECK_FALSE(std::equal(lost.begin() + 2, lost.begin() + 34, kept.begin() + 2));

    SUBCASE("even if the entropy repeats, as in a restored machine image, other content gets other keys")
    {
        std::set<Bytes> ephemeral_keys;
        for (const char* text : {"one", "two", "three"}) {
            MemoryStore store;
            test::SeededEntropy same(7);
            Sealer sealer(w.ann.keys(), same);
            const auto sealed = sealer.seal(Purpose::content, w.id, as_bytes(text), {w.bob.certificate}, store);
            ephemeral_keys.insert(Bytes(sealed->begin() + 2, sealed->begin() + 34));
        }
        CHECK(ephemeral_keys.size() == 3);
    }
}

TEST_CASE("generation: a store that failed or is damaged seals nothing")
{
    World w;
    w.store.begin();
    w.store.fail_at(1);
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, {w.bob.certificate}, w.store).error().code ==
          ErrorCode::storage_failed);
    w.store.rollback();
    w.store.put_value("seal/generation/content", Bytes{1, 2, 3});
    CHECK(w.from_ann.seal(Purpose::content, w.id, w.content, {w.bob.certificate}, w.store).error().code ==
          ErrorCode::storage_corrupt);
}
