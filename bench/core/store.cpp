// SPDX-License-Identifier: Apache-2.0
// bench/store: what a long history costs, on the real encrypted store in a folder.
//
//   store [--messages N] [--dir DIR]     default: 1000000, a new folder under the system's temporary one
//
// Messages are short chat lines, half of them Chinese, from twenty conversations; words are drawn as in a language: few
// are in most lines, most in few. Times are CPU time of this process and wall time; medians of many runs. Searches
// begin with the cache that the one before left, opening with an empty one.
#include "lib/store/store.hpp"
#include "bench/figures.hpp"
#include "lib/store/schema.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

using namespace godwit;

namespace {

constexpr std::uint64_t conversations = 20;
constexpr std::uint64_t rows_a_tick = 500;

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "bench/store: %s\n", why.c_str());
    std::exit(1);
}

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
    std::mt19937_64 dice(n); // ids are random: their index is written all over
    for (auto& octet : out.bytes)
        octet = static_cast<std::uint8_t>(dice() & 0xff);
    return out;
}

void put_character(std::string& out, std::uint32_t c)
{
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 63));
    out += static_cast<char>(0x80 | (c & 63));
}

/// Zipf's law: the n-th word is 1/n times as frequent as the first.
class Language {
public:
    explicit Language(std::size_t words, std::uint64_t seed) : dice_(seed)
    {
        double sum = 0;
        for (std::size_t n = 1; n <= words; ++n)
            reached_.push_back(sum += 1.0 / static_cast<double>(n));
    }
    std::size_t word()
    {
        const double at = std::uniform_real_distribution<double>(0, reached_.back())(dice_);
        return static_cast<std::size_t>(std::lower_bound(reached_.begin(), reached_.end(), at) - reached_.begin());
    }
    std::uint64_t pick(std::uint64_t n) { return dice_() % n; }

private:
    std::mt19937_64 dice_;
    std::vector<double> reached_;
};

std::string english(std::size_t word)
{
    std::string out;
    for (std::size_t rest = word * 2654435761U % 1000003 + 27; rest > 0; rest /= 26)
        out += static_cast<char>('a' + rest % 26);
    return out;
}

/// Two characters of the 3,000 most frequent ones' number.
std::string chinese(std::size_t word)
{
    std::string out;
    put_character(out, static_cast<std::uint32_t>(0x4e00 + word % 3000));
    put_character(out, static_cast<std::uint32_t>(0x4e00 + word * 7 / 3 % 3000));
    return out;
}

struct Line {
    std::string text;
    bool is_chinese = false;
};

Line line_of(Language& language)
{
    Line out;
    out.is_chinese = language.pick(2) == 0;
    for (auto words = 3 + language.pick(8); words > 0; --words) {
        out.text += out.is_chinese ? chinese(language.word()) : english(language.word());
        if (!out.is_chinese) out.text += ' ';
    }
    return out;
}

port::StoredMessage row_of(std::uint64_t n, std::string text)
{
    port::StoredMessage out;
    out.message.id = id_of<MessageId>(n);
    out.message.conversation = id_of<ConversationId>(1'000'000'000 + n * 7919 % conversations);
    out.message.with = "contact" + std::to_string(n * 7919 % conversations);
    out.message.from = n % 3 == 0 ? "me" : out.message.with;
    out.message.from_device = id_of<DeviceId>(n % 40);
    out.message.text = std::move(text);
    out.message.sent_ms = out.message.received_ms = static_cast<std::int64_t>(1'700'000'000'000 + n * 1000);
    out.message.state = n % 3 == 0 ? MessageState::delivered : MessageState::received;
    out.message.path = Path::direct;
    out.hlc_ms = out.message.sent_ms;
    out.kind = 160;
    out.notified = true;
    return out;
}

struct Spent {
    double cpu_ms = 0;
    double wall_ms = 0;
};

double cpu_now_ms()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Spent measure(const std::function<void()>& what)
{
    const auto wall = std::chrono::steady_clock::now();
    const double cpu = cpu_now_ms();
    what();
    return {cpu_now_ms() - cpu,
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count()};
}

Spent median(std::vector<Spent> all)
{
    Spent out;
    std::sort(all.begin(), all.end(), [](const Spent& a, const Spent& b) { return a.cpu_ms < b.cpu_ms; });
    out.cpu_ms = all[all.size() / 2].cpu_ms;
    std::sort(all.begin(), all.end(), [](const Spent& a, const Spent& b) { return a.wall_ms < b.wall_ms; });
    out.wall_ms = all[all.size() / 2].wall_ms;
    return out;
}

void say(const char* what, Spent spent, const std::string& remark = {})
{
    bench::figure("store/" + std::string(what), spent.cpu_ms);
    std::printf("%-52s %9.2f ms CPU %9.2f ms  %s\n", what, spent.cpu_ms, spent.wall_ms, remark.c_str());
    std::fflush(stdout);
}

std::uint64_t resident_kib()
{
    std::uint64_t pages = 0;
    std::uint64_t resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
        if (std::fscanf(file, "%lu %lu", &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

class Bench {
public:
    Bench(std::string path, std::uint64_t messages) : path_(std::move(path)), messages_(messages) {}

    void run()
    {
        open();
        fill();
        sizes();
        store_.reset();
        opening();
        searches();
        goodbyes();
        away();
        store_.reset();
    }

private:
    void open() { store_ = must(store::SqliteStore::open({path_, &key(), {}, nullptr})); }
    static const sqlite::Key& key()
    {
        static const auto out = sqlite::Key::raw(Bytes(32, 5));
        return *out;
    }
    void commit()
    {
        if (const auto done = store_->commit(); !done) give_up(done.error().detail);
    }

    void fill()
    {
        Language language(50'000, 1);
        Spent writing;
        Spent indexing;
        std::vector<Spent> ticks;
        for (std::uint64_t n = 0; n < messages_;) {
            store_->begin();
            std::vector<port::StoredMessage> rows;
            for (std::uint64_t i = 0; i < rows_a_tick && n < messages_; ++i, ++n) {
                auto line = line_of(language);
                text_bytes_ += line.text.size();
                // A word that is in every ten-thousandth line.
                if (n % 10'000 == 77) line.text += line.is_chinese ? "鑫淼" : " zyzzyva";
                rows.push_back(row_of(n, std::move(line.text)));
            }
            const auto wrote = measure([&] {
                for (const auto& row : rows)
                    store_->add_message(row);
            });
            bool more = true;
            const auto indexed = measure([&] { more = store_->index_more(); });
            const auto committed = measure([&] { commit(); });
            for (const auto& part : {wrote, committed}) {
                writing.cpu_ms += part.cpu_ms;
                writing.wall_ms += part.wall_ms;
            }
            indexing.cpu_ms += indexed.cpu_ms;
            indexing.wall_ms += indexed.wall_ms;
            ticks.push_back(indexed);
        }
        const auto per = [&](Spent all) {
            char out[64];
            std::snprintf(out, sizeof out, "%.1f µs CPU a message", all.cpu_ms * 1e3 / static_cast<double>(messages_));
            return std::string(out);
        };
        std::printf("%llu messages, %.0f bytes of text each\n", static_cast<unsigned long long>(messages_),
                    static_cast<double>(text_bytes_) / static_cast<double>(messages_));
        bench::figure("store/insert_us", writing.cpu_ms * 1e3 / static_cast<double>(messages_));
        bench::figure("store/index_us", indexing.cpu_ms * 1e3 / static_cast<double>(messages_));
        say("insert, 500 a transaction, durable", writing, per(writing));
        say("index them", indexing, per(indexing));
        std::sort(ticks.begin(), ticks.end(), [](const Spent& a, const Spent& b) { return a.cpu_ms < b.cpu_ms; });
        say("  the longest of a tick (a block is put together)", ticks.back());
    }

    void sizes()
    {
        store_.reset();
        const auto bytes = static_cast<double>(std::filesystem::file_size(path_));
        std::printf("%-52s %9.0f bytes, of them the index ", "database, a message",
                    bytes / static_cast<double>(messages_));
        sqlite::OpenOptions how;
        how.path = path_;
        how.key = &key();
        how.schema = store::schema();
        auto database = must(sqlite::Database::open(how));
        auto sum = must(database.prepare("SELECT sum(length(first) + length(entries)) FROM search_chunk"));
        if (!must(sum.step())) give_up("no answer");
        std::printf("%.0f\n", static_cast<double>(sum.integer(0)) / static_cast<double>(messages_));
    }

    void opening()
    {
        std::vector<Spent> all;
        for (int round = 0; round < 15; ++round) {
            all.push_back(measure([&] {
                open();
                (void)store_->history(id_of<ConversationId>(1'000'000'000 + 3), 50, std::nullopt);
            }));
            if (round < 14) store_.reset();
        }
        say("open, and the newest page of a conversation", median(all));
        bench::figure("store/resident_kib_opened", static_cast<double>(resident_kib()));
        std::printf("%-52s %9llu KiB\n", "resident then", static_cast<unsigned long long>(resident_kib()));
        std::vector<Spent> pages;
        std::optional<MessageId> before;
        const auto rounds = std::min<std::uint64_t>(200, messages_ / conversations / 50);
        for (std::uint64_t page = 0; page < rounds; ++page)
            pages.push_back(measure([&] {
                const auto rows = store_->history(id_of<ConversationId>(1'000'000'000 + 3), 50, before);
                if (!rows.empty()) before = rows.front().message.id;
            }));
        say("a page of 50 further back", median(pages));
    }

    void search(const char* what, const port::SearchQuery& query)
    {
        std::vector<Spent> all;
        std::size_t hits = 0;
        bool more = false;
        for (int round = 0; round < 25; ++round)
            all.push_back(measure([&] {
                const auto page = must(store_->search(query));
                hits = page.hits.size();
                more = page.next != 0;
            }));
        say(what, median(all), std::to_string(hits) + (more ? " hits, and more" : " hits, all"));
    }

    void searches()
    {
        port::SearchQuery query;
        query.text = "鑫淼";
        search("search: two Chinese characters, rare", query);
        query.text = chinese(3);
        search("search: two Chinese characters, frequent", query);
        query.text = chinese(3).substr(0, 3);
        search("search: one Chinese character", query);
        query.text = chinese(20) + chinese(400);
        search("search: four Chinese characters in a row", query);
        query.text = "zyzz";
        search("search: beginning of an English word, rare", query);
        query.text = english(3).substr(0, 3);
        search("search: beginning of an English word, frequent", query);
        query.text = "z";
        search("search: one letter", query);
        query.text = english(40) + " " + english(60) + " " + english(100);
        search("search: three English words", query);
        query.text = chinese(30);
        query.conversation = id_of<ConversationId>(1'000'000'000 + 3);
        search("search: frequent, in one conversation of twenty", query);
        query.text = "缺席";
        search("search: two Chinese characters, nowhere", query);
        bench::figure("store/resident_kib_searched", static_cast<double>(resident_kib()));
        std::printf("%-52s %9llu KiB\n", "resident then", static_cast<unsigned long long>(resident_kib()));
    }

    void goodbyes()
    {
        std::vector<Spent> all;
        for (std::uint64_t round = 1; round <= 25; ++round) {
            auto row = store_->message(id_of<MessageId>(round * (messages_ / 30)));
            if (!row) give_up("a message is missing");
            row->message.text.clear();
            row->message.recalled_ms = 1;
            all.push_back(measure([&] {
                store_->begin();
                store_->update_post(*row);
                commit();
            }));
        }
        say("take one back, out of index, file and log", median(all));
    }

    /// What is said to a device that is away for long: left in its mailbox, each answered by the relay, and receipted
    /// in the end, the last one first. Whatever waits, each must cost the same.
    void away()
    {
        const auto count = std::min<std::uint64_t>(messages_ / 4, 5000);
        const auto device = id_of<DeviceId>(2'000'000'000);
        const auto message = [](std::uint64_t n) { return id_of<MessageId>(2'000'000'000 + n); };
        const auto each = [&](const char* what, const std::function<void(std::uint64_t)>& work) {
            Spent spent = measure([&] {
                for (std::uint64_t n = 0; n < count;) {
                    store_->begin();
                    for (std::uint64_t i = 0; i < rows_a_tick && n < count; ++i, ++n)
                        work(n);
                    commit();
                }
            });
            char remark[64];
            std::snprintf(remark, sizeof remark, "%.1f µs CPU each", spent.cpu_ms * 1e3 / static_cast<double>(count));
            say(what, spent, remark);
        };
        each("accept for one who is away", [&](std::uint64_t n) {
            port::OutboxEnvelope envelope;
            envelope.message = message(n);
            envelope.conversation = id_of<ConversationId>(3);
            envelope.content = Bytes(100, 1);
            store_->put_envelope(envelope);
            port::Delivery row;
            row.message = message(n);
            row.device = device;
            row.user = "away";
            row.conversation = envelope.conversation;
            if (store_->put_delivery(row) == 0) give_up("a delivery was refused");
        });
        each("the mailbox has it", [&](std::uint64_t n) {
            if (!store_->open_delivery(message(n), device)) give_up("a delivery is missing");
            store_->set_delivery(message(n), device, port::DeliveryState::stored, 1);
        });
        each("receipted, the last one first", [&](std::uint64_t n) {
            const auto id = message(count - 1 - n);
            if (!store_->open_delivery(id, device)) give_up("a delivery is missing");
            if (store_->other_deliveries(id, device, "me", {}).open) give_up("another device");
            store_->remove_envelope(id);
        });
    }

    std::string path_;
    std::uint64_t messages_;
    std::uint64_t text_bytes_ = 0;
    std::unique_ptr<store::SqliteStore> store_;
};

} // namespace

int main(int argc, char** argv)
{
    std::uint64_t messages = 1'000'000;
    std::filesystem::path folder;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--messages") == 0)
            messages = std::strtoull(argv[i + 1], nullptr, 10);
        else if (std::strcmp(argv[i], "--dir") == 0)
            folder = argv[i + 1];
        else
            give_up("store [--messages N] [--dir DIR]");
    }
    if (messages < 1000) give_up("--messages: 1000 or more");
    const bool own = folder.empty();
    if (own) folder = std::filesystem::temp_directory_path() / ("godwit-bench-store-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    Bench((folder / "bench.db").string(), messages).run();
    if (own) std::filesystem::remove_all(folder);
    return 0;
}
