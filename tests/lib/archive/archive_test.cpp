// SPDX-License-Identifier: Apache-2.0
// The history into an archive and out of it (docs/archive.md).
#include "lib/archive/exporter.hpp"
#include "lib/archive/importer.hpp"
#include "tests/lib/conversation/shelf.hpp"
#include "tests/support/seeded_entropy.hpp"

#include <random>

using namespace godwit;
using namespace godwit::archive;
using namespace godwit::testing;

namespace {

const Bytes some_key(key_bytes, 7);
const Secret by_key{Secret::Kind::key, some_key};

PublicKey account()
{
    PublicKey out;
    out.bytes[0] = 9;
    return out;
}

struct Archived {
    Bytes bytes;
    Mark mark;
    wire::archive::End counts;
};

Archived pack(port::Store& store, const Mark& since, std::uint64_t seed, std::uint32_t rows = 3,
              const std::function<void()>& between = {})
{
    test::SeededEntropy entropy(seed);
    auto writer = Writer::begin(by_key, entropy);
    REQUIRE(writer.ok());
    Exporter exporter(store, *std::move(writer), {"ann", account(), {}, {}, 1}, since, entropy);
    Archived out;
    while (!exporter.finished()) {
        exporter.step(rows);
        append(out.bytes, exporter.take());
        if (between) between();
    }
    out.mark = exporter.mark();
    out.counts = exporter.counts();
    return out;
}

Result<Importer> unpack(port::Store& store, BytesView bytes, Moment now, const Secret& secret = by_key,
                        bool check_only = false)
{
    if (bytes.size() < head_bytes) return Error{ErrorCode::malformed, "short", 0};
    auto reader = Reader::begin(bytes.first(head_bytes), secret);
    if (!reader) return std::move(reader).error();
    Importer importer(store, *std::move(reader), account(), check_only);
    for (std::size_t at = head_bytes; !importer.finished();) {
        const auto wants = importer.wants();
        if (bytes.size() - at < wants) return Error{ErrorCode::malformed, "cut off", 0};
        auto step = importer.push(bytes.subspan(at, wants), now);
        if (!step) return std::move(step).error();
        for (const auto& one : step->settings)
            store.put_register({one.name, one.hlc_ms, one.value});
        at += wants;
    }
    return importer;
}

/// Random things that people do, a hundred of them from `n` on.
void live(Shelf& here, std::mt19937_64& dice, std::uint32_t& n)
{
    const auto pick = [&](std::uint64_t below) { return static_cast<std::uint32_t>(dice() % below); };
    const auto user = [&] { return std::string(1, static_cast<char>('a' + pick(3))); };
    for (const auto end = n + 100; n < end; ++n) {
        const auto target = message_named(1 + pick(n));
        const auto hlc = static_cast<std::int64_t>(n);
        switch (pick(8)) {
        case 0:
            (void)here.take(post(n, user(), "edit " + std::to_string(n), content::Edit{target, {}, {}}, hlc), hlc);
            break;
        case 1: (void)here.take(post(n, user(), "", content::Recall{target}, hlc), hlc); break;
        case 2: (void)here.take(post(n, user(), "", content::Pin{target, pick(2) != 0}, hlc), hlc); break;
        case 3: (void)here.take(post(n, user(), "", content::Reaction{target, "+", pick(3) != 0}, hlc), hlc); break;
        case 4: (void)here.take(lasting(n, user(), {1, content::Lifetime::From::sent}, hlc), hlc); break;
        case 5:
            here.store.put_register({"contact/" + user() + "/remark", hlc, Bytes{static_cast<std::uint8_t>(n)}});
            break;
        default: (void)here.take(text(n, user(), "text " + std::to_string(n), hlc), hlc);
        }
    }
    here.store.put_conversation({chat, ConversationKind::direct, "other", static_cast<std::int64_t>(n)});
    (void)conversation::note_read(here.store, chat, "b", {at_ms(n / 2).wall_ms, message_named(n / 2)});
}

std::string all_of(Shelf& here)
{
    auto out = here.view();
    for (const auto& one : here.store.registers("", "", 1000))
        out += one.name + "=" + to_hex(one.value) + "\n";
    for (const auto& one : conversation::readers(here.store, chat))
        out += one.user + " has read " + to_hex(one.place.id.view()) + "\n";
    return out;
}

} // namespace

TEST_CASE("an archive and those after it give the same view, in any order, read once or twice")
{
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        Shelf here("a");
        std::uint32_t n = 1;
        std::vector<Archived> archives;
        for (std::uint64_t i = 0; i < 3; ++i) {
            live(here, dice, n);
            if (dice() % 2 != 0) (void)conversation::expire(here.store, at_ms(n + 900), 1000);
            archives.push_back(pack(here.store, archives.empty() ? Mark{} : archives.back().mark, seed * 10 + i));
        }
        const auto now = at_ms(n + 900);
        (void)conversation::expire(here.store, now, 1000);
        std::shuffle(archives.begin(), archives.end(), dice);
        if (dice() % 2 != 0) archives.push_back(archives.front());
        Shelf there("a");
        for (const auto& one : archives) {
            const auto done = unpack(there.store, one.bytes, now);
            REQUIRE_MESSAGE(done.ok(), done.error().detail);
        }
        (void)conversation::expire(there.store, now, 1000);
        CHECK(all_of(there) == all_of(here));
        CHECK_FALSE(there.store.heads(chat).empty());
    }
}

TEST_CASE("a device that has come into a conversation has it where the others do once it has read its history")
{
    Shelf here("a");
    (void)here.take(text(1, "b", "a year ago", 10), 10);
    here.store.put_conversation({chat, ConversationKind::group, "", 10});
    const auto archive = pack(here.store, {}, 1);
    const auto activity_of = [&](Shelf& there) {
        const auto done = unpack(there.store, archive.bytes, at_ms(2000));
        REQUIRE_MESSAGE(done.ok(), done.error().detail);
        return there.store.conversation(chat)->activity_ms;
    };
    Shelf newcomer("a");
    newcomer.store.put_conversation({chat, ConversationKind::group, "", 1000});
    CHECK(activity_of(newcomer) == 10);
    Shelf talking("a");
    (void)talking.take(text(2, "b", "just now", 1000), 1000);
    talking.store.put_conversation({chat, ConversationKind::group, "", 1000});
    CHECK(activity_of(talking) == 1000);
}

TEST_CASE(
    "what this version does not know comes through an archive whole: content, bodies, and what is said about them")
{
    Shelf here("ann");
    const Bytes later{0x93, 0x78, 0x01, 0xa1, 'x'}; // [120, 1, "x"]
    port::StoredMessage unknown;
    unknown.message.id = message_named(1);
    unknown.message.conversation = chat;
    unknown.message.from = "bob";
    unknown.kind = 120;
    unknown.extra = later;
    unknown.shown = false;
    unknown.hlc_ms = 10;
    REQUIRE(here.store.add_message(unknown));
    (void)here.take(post(2, "bob", "a poll", content::Unknown{120, later}, 20), 20);
    port::Annotation note;
    note.conversation = chat;
    note.target = message_named(2);
    note.name = "vote";
    note.author = "bob";
    note.hlc_ms = 30;
    note.value = later;
    REQUIRE(here.store.put_annotation(note));

    const auto archive = pack(here.store, {}, 1);
    Shelf there("ann");
    REQUIRE(unpack(there.store, archive.bytes, at_ms(100)).ok());
    const auto kept = there.store.message_in(chat, message_named(1));
    REQUIRE(kept);
    CHECK_FALSE(kept->shown);
    CHECK(kept->kind == 120);
    CHECK(kept->extra == later);
    CHECK(std::get<content::Unknown>(there.shown(2).body) == content::Unknown{120, later});
    CHECK(there.store.annotations(chat, message_named(2)).size() == 1);
    CHECK(there.store.annotations(chat, message_named(2))[0].value == later);
    CHECK(there.view() == here.view());
    // And on.
    CHECK(pack(there.store, {}, 1).counts.posts == archive.counts.posts);
}

TEST_CASE("what happens while an archive is made is in it, or in the next one")
{
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 dice(seed);
        Shelf here("a");
        std::uint32_t n = 1;
        live(here, dice, n);
        int more = 3;
        const auto first = pack(here.store, {}, seed, 50, [&] {
            if (more-- > 0) live(here, dice, n);
        });
        const auto second = pack(here.store, first.mark, seed + 100);
        Shelf there("a");
        for (const auto* one : {&first, &second})
            REQUIRE(unpack(there.store, one->bytes, at_ms(n)).ok());
        for (auto* shelf : {&here, &there})
            (void)conversation::expire(shelf->store, at_ms(n + 2000), 5000);
        CHECK(all_of(there) == all_of(here));
    }
}

TEST_CASE("a later archive has little when little has changed")
{
    Shelf here("a");
    for (std::uint32_t n = 1; n <= 500; ++n)
        (void)here.take(text(n, "b", std::string(200, 'x'), n), n);
    const auto whole = pack(here.store, {}, 1, 100);
    CHECK(whole.counts.posts == 500);
    (void)here.take(text(501, "b", "new", 501), 501);
    (void)here.take(post(502, "b", "newer", content::Edit{message_named(3), {}, {}}, 502), 502);
    const auto next = pack(here.store, whole.mark, 2, 100);
    CHECK(next.counts.posts == 2);
    CHECK(next.bytes.size() < whole.bytes.size() / 50);
}

TEST_CASE("what was taken back or has gone is in no archive that is made after it, and leaves a home that reads one "
          "made before")
{
    Shelf here("a");
    (void)here.take(text(1, "b", "canary one", 10), 10);
    (void)here.take(lasting(2, "b", {60, content::Lifetime::From::sent}, 10), 10);
    const auto before = pack(here.store, {}, 1);
    Shelf there("a");
    REQUIRE(unpack(there.store, before.bytes, at_ms(20)).ok());
    CHECK(finds(there.store, "canary"));
    (void)here.take(post(3, "b", "", content::Recall{message_named(1)}, 30), 30);
    (void)conversation::expire(here.store, at_ms(100'000), 10);
    const auto after = pack(here.store, before.mark, 2);
    REQUIRE(unpack(there.store, after.bytes, at_ms(40)).ok());
    CHECK_FALSE(finds(there.store, "canary"));
    CHECK_FALSE(finds(there.store, "soon gone"));
    // The old one once more brings nothing back.
    REQUIRE(unpack(there.store, before.bytes, at_ms(100'000)).ok());
    CHECK_FALSE(finds(there.store, "canary"));
    CHECK_FALSE(finds(there.store, "soon gone"));
}

TEST_CASE("every byte counts: altered, cut off, longer, swapped or of another secret, and nothing is read that is not "
          "authentic")
{
    Shelf here("a");
    for (std::uint32_t n = 1; n <= 30; ++n)
        (void)here.take(text(n, "b", std::string(10'000, 'x'), n), n);
    const auto good = pack(here.store, {}, 1, 10).bytes;
    {
        Shelf there("a");
        const auto checked = unpack(there.store, good, at_ms(40), by_key, true);
        REQUIRE(checked.ok());
        CHECK(checked->counts().posts == 30);
        CHECK(there.store.history(chat, 9, std::nullopt).empty());
    }
    const auto refused = [&](const Bytes& bytes, const Secret& secret = by_key) {
        Shelf there("a");
        return !unpack(there.store, bytes, at_ms(40), secret).ok();
    };
    for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : 977) {
        CAPTURE(at);
        auto bad = good;
        bad[at] ^= 0x80;
        CHECK(refused(bad));
        bad = good;
        bad.resize(at);
        CHECK(refused(bad));
    }
    const Bytes other(key_bytes, 8);
    CHECK(refused(good, {Secret::Kind::key, other}));
    CHECK(refused(good, {Secret::Kind::passphrase, as_bytes("long enough")}));
    CHECK(refused(good, {Secret::Kind::key, BytesView(other).first(31)}));
    // Chunks of an archive that was made with the same secret.
    const auto twin = pack(here.store, {}, 2, 10).bytes;
    auto mixed = good;
    std::copy(twin.begin() + head_bytes, twin.end(), mixed.begin() + head_bytes);
    CHECK(refused(mixed));
}

TEST_CASE("of another account: refused, and nothing is read")
{
    Shelf here("a");
    (void)here.take(text(1, "b", "words", 1), 1);
    const auto archive = pack(here.store, {}, 1);
    auto reader = Reader::begin(BytesView(archive.bytes).first(head_bytes), by_key);
    REQUIRE(reader.ok());
    Shelf there("a");
    Importer importer(there.store, *std::move(reader), device_named(3), false);
    REQUIRE(importer.push(BytesView(archive.bytes).subspan(head_bytes, 4), at_ms(2)).ok());
    const auto step = importer.push(BytesView(archive.bytes).subspan(head_bytes + 4, importer.wants()), at_ms(2));
    CHECK(step.error().code == ErrorCode::invalid_argument);
    CHECK(there.store.history(chat, 9, std::nullopt).empty());
}

TEST_CASE("a passphrase opens what it closed; a short one is refused")
{
    test::SeededEntropy entropy(5);
    const Secret words{Secret::Kind::passphrase, as_bytes("correct horse")};
    CHECK(Writer::begin({Secret::Kind::passphrase, as_bytes("short")}, entropy).error().code ==
          ErrorCode::invalid_argument);
    auto writer = Writer::begin(words, entropy);
    REQUIRE(writer.ok());
    writer->add(wire::archive::Setting{"account/receipts", 4, {1}});
    writer->finish();
    const auto bytes = writer->take();
    auto reader = Reader::begin(BytesView(bytes).first(head_bytes), words);
    REQUIRE(reader.ok());
    REQUIRE(reader->push(BytesView(bytes).subspan(head_bytes, 4)).ok());
    const auto records = reader->push(BytesView(bytes).subspan(head_bytes + 4));
    REQUIRE(records.ok());
    REQUIRE(records->size() == 1);
    CHECK(std::get<wire::archive::Setting>(records->front()).hlc_ms == 4);
    CHECK(reader->finished());
    reader = Reader::begin(BytesView(bytes).first(head_bytes), {Secret::Kind::passphrase, as_bytes("wrong horse")});
    REQUIRE(reader->push(BytesView(bytes).subspan(head_bytes, 4)).ok());
    CHECK(reader->push(BytesView(bytes).subspan(head_bytes + 4)).error().code == ErrorCode::wrong_key);
}

TEST_CASE("a later version's head is said to be one; a record that only it knows is passed over")
{
    test::SeededEntropy entropy(5);
    auto writer = Writer::begin(by_key, entropy);
    REQUIRE(writer.ok());
    auto head = writer->take();
    head[15] = 2;
    CHECK(Reader::begin(head, by_key).error().code == ErrorCode::storage_too_new);
    head[0] = 'G';
    CHECK(Reader::begin(head, by_key).error().code == ErrorCode::malformed);
    const auto unknown = wire::archive::decode_record(Bytes{0x92, 0x20, 0x01});
    REQUIRE(unknown.ok());
    CHECK_FALSE(unknown->has_value());
    CHECK_FALSE(wire::archive::decode_record(Bytes{0x92, 0x20}).ok());
}
