// SPDX-License-Identifier: Apache-2.0
#include "bench/growth/growth.hpp"
#include "lib/store/store.hpp"

#include <random>

namespace bench::growth {
namespace {

using namespace godwit;

/// As many a transaction as a busy link brings.
constexpr std::uint64_t batch = 64;
constexpr std::uint64_t measured = 20 * batch;

template <class T>
T must(Result<T> result)
{
    if (!result) give_up(result.error().detail);
    return std::move(*result);
}

template <class Id>
Id id_of(std::uint64_t n)
{
    Id out;
    std::mt19937_64 dice(n);
    for (auto& octet : out.bytes)
        octet = static_cast<std::uint8_t>(dice() & 0xff);
    return out;
}

/// As lib/engine draws ids: one message a second here.
MessageId said_at(std::uint64_t second, MessageId id)
{
    const auto minute = (1'700'000'000'000 + second * 1000) >> 16;
    for (std::size_t i = 0; i < 4; ++i)
        id.bytes[i] = static_cast<std::uint8_t>((minute >> (24 - 8 * i)) & 0xff);
    return id;
}

class Home {
public:
    explicit Home(const std::filesystem::path& folder) : path_(folder / "growth.db")
    {
        for (const char* tail : {"", "-wal"})
            std::filesystem::remove(path_.string() + tail);
        open();
    }
    void open()
    {
        store_.reset();
        store_ = must(store::SqliteStore::open({path_.string(), &key(), {}, nullptr}));
    }
    [[nodiscard]] store::SqliteStore& store() { return *store_; }
    void commit()
    {
        if (const auto done = store_->commit(); !done) give_up(done.error().detail);
    }
    /// What a client does with a message that comes, as far as its store goes.
    void receive(std::uint64_t n, const ConversationId& conversation)
    {
        port::StoredMessage row;
        auto& m = row.message;
        m.id = said_at(n, id_of<MessageId>(n));
        m.conversation = conversation;
        m.with = m.from = "contact";
        m.from_device = id_of<DeviceId>(7);
        m.text = "what a message says, about forty letters";
        m.sent_ms = m.received_ms = static_cast<std::int64_t>(1'700'000'000'000 + n * 1000);
        m.state = MessageState::received;
        m.path = Path::direct;
        row.hlc_ms = m.sent_ms;
        row.kind = 160;
        if (store_->seen(m.from_device, m.id) || store_->has_message(m.conversation, m.id)) give_up("an id came twice");
        if (!store_->add_message(row)) give_up("a message is not taken");
        (void)store_->annotations(m.conversation, m.id);
        store_->put_heads(m.conversation, {{m.id, row.hlc_ms}});
        store_->put_conversation({m.conversation, ConversationKind::direct, m.with, row.hlc_ms});
        store_->mark_seen(m.from_device, m.id, row.hlc_ms);
        store_->mark_notified(m.conversation, m.id);
        (void)store_->index_more();
    }
    void fill(std::uint64_t from, std::uint64_t to, const ConversationId& conversation, std::uint64_t a_transaction)
    {
        for (std::uint64_t n = from; n < to;) {
            store_->begin();
            for (std::uint64_t i = 0; i < a_transaction && n < to; ++i)
                receive(n++, conversation);
            commit();
        }
    }

private:
    static const sqlite::Key& key()
    {
        static const auto out = sqlite::Key::raw(Bytes(32, 5));
        return *out;
    }
    std::filesystem::path path_;
    std::unique_ptr<store::SqliteStore> store_;
};

double bytes_written()
{
    std::ifstream io("/proc/self/io");
    std::string name;
    double value = 0;
    while (io >> name >> value)
        if (name == "wchar:") return value;
    return 0;
}

} // namespace

void by_history(const std::filesystem::path& folder, std::uint64_t messages)
{
    const auto conversation = id_of<ConversationId>(1);
    Home home(folder);
    Curve take("take a message", "history", "us CPU");
    Curve written("write for it", "history", "KiB");
    Curve page("a page of 50", "history", "us CPU");
    Curve search("search a word that is in all", "history", "us CPU");
    Curve open("open", "history", "us CPU");
    std::uint64_t n = 0;
    for (std::uint64_t size = 1000;; size = std::min(size * 10, messages)) {
        home.fill(n, size, conversation, 500);
        n = size;
        const auto bytes = bytes_written();
        auto start = cpu_us();
        home.fill(n, n + measured, conversation, batch);
        take.at(static_cast<double>(size), (cpu_us() - start) / measured);
        written.at(static_cast<double>(size), (bytes_written() - bytes) / measured / 1024);
        n += measured;
        start = cpu_us();
        constexpr int rounds = 20;
        for (int round = 0; round < rounds; ++round)
            (void)home.store().history(conversation, 50, said_at(n / 2, id_of<MessageId>(n / 2)));
        page.at(static_cast<double>(size), (cpu_us() - start) / rounds);
        port::SearchQuery query;
        query.text = "forty";
        start = cpu_us();
        for (int round = 0; round < rounds; ++round)
            (void)must(home.store().search(query));
        search.at(static_cast<double>(size), (cpu_us() - start) / rounds);
        start = cpu_us();
        home.open();
        open.at(static_cast<double>(size), cpu_us() - start);
        if (size == messages) break;
    }
    for (const auto* curve : {&take, &written, &page, &search, &open})
        curve->print();
}

void by_conversations(const std::filesystem::path& folder, std::uint64_t conversations)
{
    Home home(folder);
    Curve take("take a message, each of another one", "conversations", "us CPU");
    Curve list("list them", "conversations", "us CPU each");
    std::uint64_t n = 0;
    for (std::uint64_t size = 100;; size = std::min(size * 10, conversations)) {
        auto& store = home.store();
        while (n < size) {
            store.begin();
            for (std::uint64_t i = 0; i < 500 && n < size; ++i, ++n)
                home.receive(n, id_of<ConversationId>(1000 + n));
            home.commit();
        }
        auto start = cpu_us();
        for (std::uint64_t i = 0; i < measured;) {
            store.begin();
            for (std::uint64_t one = 0; one < batch; ++one, ++i)
                home.receive(1'000'000'000 + size * 10'000 + i, id_of<ConversationId>(1000 + i * 7919 % size));
            home.commit();
        }
        take.at(static_cast<double>(size), (cpu_us() - start) / measured);
        start = cpu_us();
        for (const auto& one : store.conversations())
            (void)store.newest(one.id);
        list.at(static_cast<double>(size), (cpu_us() - start) / static_cast<double>(size));
        if (size == conversations) break;
    }
    take.print();
    list.print();
}

} // namespace bench::growth
