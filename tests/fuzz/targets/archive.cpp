// SPDX-License-Identifier: Apache-2.0
// Archives (docs/archive.md): as somebody finds them, who has no key, and as somebody makes them, who has one and puts
// into it whatever comes to mind: the archive of a friend who means no good, opened with the passphrase that they gave.
#include "lib/archive/exporter.hpp"
#include "lib/archive/importer.hpp"
#include "lib/crypto/aead.hpp"
#include "lib/crypto/hash.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/lib/conversation/shelf.hpp"
#include "tests/support/seeded_entropy.hpp"

using namespace godwit;
using namespace godwit::fuzz;
using namespace godwit::archive;

namespace {

namespace record = wire::archive;

const Bytes key(key_bytes, 7);
const Secret by_key{Secret::Kind::key, key};

PublicKey account()
{
    PublicKey out;
    out.bytes.fill(9);
    return out;
}

std::vector<record::Record> samples()
{
    const auto conversation = testing::chat;
    record::Post post;
    post.conversation = conversation;
    post.id = testing::message_named(1);
    post.hlc_ms = 5;
    post.kind = 1;
    post.with = post.from = "bob";
    post.text = "hello";
    record::Post gone = post;
    gone.id = testing::message_named(2);
    gone.recalled_ms = 7;
    gone.recalled_by = "bob";
    gone.expires_ms = 8;
    gone.burn_seconds = 9;
    record::Notes notes{
        conversation, post.id, {{"edit", "bob", 6, testing::message_named(3), Bytes{1, 2}, Role::none}}};
    return {record::Head{"ann", account(), {}, {}, 1},
            record::Conversation{conversation, ConversationKind::direct, "bob", 5},
            post,
            gone,
            notes,
            record::Setting{"contact/bob/remark", 4, Bytes{'x'}},
            record::Gone{conversation, {testing::message_named(2)}},
            record::End{2, 1, 1}};
}

std::vector<Bytes> records()
{
    std::vector<Bytes> out;
    for (const auto& one : samples())
        out.push_back(record::encode(one));
    return out;
}

Bytes whole()
{
    test::SeededEntropy entropy(1);
    auto writer = Writer::begin(by_key, entropy);
    FUZZ_CHECK(writer.ok());
    for (const auto& one : samples())
        writer->add(one);
    writer->finish();
    return writer->take();
}

/// A chunk as Writer seals it, of plaintext that no Writer makes.
void seal(Bytes& archive, std::uint64_t number, BytesView plain, bool last)
{
    const auto chunk_key = crypto::derive_key(key, "godwit archive 1", {BytesView(archive).first(head_bytes)});
    Bytes length(4), nonce(crypto::xchacha_nonce_bytes);
    const auto size = static_cast<std::uint32_t>(plain.size()) | (last ? 1U << 31 : 0);
    for (std::size_t i = 0; i < 4; ++i)
        length[i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
    nonce[7] = static_cast<std::uint8_t>(number);
    append(archive, length);
    append(archive, crypto::xchacha_seal(chunk_key.view(), nonce, length, plain));
}

/// Whether all of it was read, and merged or looked at.
bool import(testing::Shelf& shelf, BytesView bytes, bool check_only)
{
    if (bytes.size() < head_bytes) return false;
    auto reader = Reader::begin(bytes.first(head_bytes), by_key);
    if (!reader) return false;
    Importer importer(shelf.store, *std::move(reader), account(), check_only);
    for (std::size_t at = head_bytes; !importer.finished();) {
        const auto wants = importer.wants();
        FUZZ_CHECK(wants > 0 && wants <= chunk_bytes_max + crypto::aead_tag_bytes);
        if (bytes.size() - at < wants) return false;
        if (!importer.push(bytes.subspan(at, wants), testing::at_ms(1000))) return false;
        at += wants;
    }
    return true;
}

std::vector<Bytes> archives()
{
    return {whole()};
}

std::vector<Bytes> stories()
{
    return {{0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 2, 4, 4, 6, 2, 3, 7}, {0, 8, 0x42, 1, 0, 0, 1, 4, 9, 3, 0, 2, 7}};
}

} // namespace

FUZZ_TARGET(archive_record, "wire", 2048, records)
{
    const auto decoded = record::decode_record(input);
    if (!decoded.ok() || !*decoded) return;
    // Fields of a later version are dropped; what is left says the same for ever.
    const auto once = record::encode(**decoded);
    FUZZ_CHECK(once.size() <= input.size());
    const auto twice = record::decode_record(once);
    FUZZ_CHECK(twice.ok() && twice->has_value() && record::encode(**twice) == once);
}

/// Without the key nobody makes one, cuts one or puts two together.
FUZZ_TARGET(archive_stream, "", 4096, archives)
{
    static const Bytes honest = whole();
    testing::Shelf shelf("ann");
    const bool read = import(shelf, input, false);
    const bool same = input.size() >= honest.size() && std::equal(honest.begin(), honest.end(), input.begin());
    FUZZ_CHECK(read == same);
}

/// With the key: whatever it says is refused, or merged so that the history can still be looked at, archived again and
/// read by somebody else.
FUZZ_TARGET(archive_import, "wire", 2048, stories)
{
    static const auto known = records();
    static const Bytes begun = [] {
        test::SeededEntropy entropy(2);
        auto writer = Writer::begin(by_key, entropy);
        FUZZ_CHECK(writer.ok());
        return writer->take();
    }();
    Choices choices(input);
    Bytes archive = begun, plain;
    std::uint64_t chunks = 0;
    for (int steps = 0; steps < 40 && !choices.empty(); ++steps) {
        const auto which = choices.dice(known.size() + 3);
        Bytes one;
        if (which < known.size())
            one = known[which];
        else if (which == known.size())
            one = mutated(known[choices.dice(known.size())], choices);
        else if (which == known.size() + 1) {
            seal(archive, chunks++, plain, false);
            plain.clear();
            continue;
        } else
            one = to_bytes(choices.bytes(64));
        const auto size = static_cast<std::uint32_t>(one.size());
        for (int shift = 24; shift >= 0; shift -= 8)
            plain.push_back(static_cast<std::uint8_t>(size >> shift));
        append(plain, one);
    }
    seal(archive, chunks, plain, true);
    testing::Shelf looked_at("ann");
    const bool fine = import(looked_at, archive, true);
    FUZZ_CHECK(looked_at.view().empty());
    testing::Shelf here("ann");
    FUZZ_CHECK(import(here, archive, false) == fine);
    const auto view = here.view();
    (void)import(here, archive, false); // once more changes nothing
    FUZZ_CHECK(here.view() == view);

    test::SeededEntropy entropy(3);
    auto writer = Writer::begin(by_key, entropy);
    FUZZ_CHECK(writer.ok());
    Exporter exporter(here.store, *std::move(writer), {"ann", account(), {}, {}, 1}, {}, entropy);
    Bytes again;
    for (int steps = 0; !exporter.finished(); ++steps) {
        FUZZ_CHECK(steps < 1000);
        exporter.step(3);
        append(again, exporter.take());
    }
    testing::Shelf there("ann");
    FUZZ_CHECK(import(there, again, false));
    FUZZ_CHECK(there.view() == view);
}
