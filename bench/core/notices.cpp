// SPDX-License-Identifier: Apache-2.0
// bench/core/notices: what it costs a relay's store to say something to everybody: ./dev bench notices.
//
//   notices [--accounts N] [--dir DIR]
//
// Accounts of one device each. A notice to all is one row; one to 1,000 of them by name is a row for each. Then every
// device asks what is there for it, and says that it has it, as many of them in a transaction as would come in one tick
// when all are there at once. At last the operator asks how far it has come.
#include "relay/store/store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace godwit;
using namespace godwit::relay;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t devices_a_tick = 64;
constexpr std::size_t named_max = 1000;
constexpr WallMs day_ms = 24LL * 3600 * 1000;

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "notices: %s\n", why.c_str());
    std::exit(1);
}

void commit(Store& store)
{
    if (const auto done = store.commit(); !done.ok()) give_up(done.error().detail);
}

double ms_since(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

template <class Id>
Id id_of(std::uint64_t n)
{
    Id out;
    for (std::size_t i = 0; i < 8; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return out;
}

struct Subscriber {
    AccountRow account = 0;
    DeviceRow device = 0;
};

/// Everybody asks and acknowledges. What they found.
std::size_t deliver(Store& store, const std::vector<Subscriber>& all, WallMs now_ms)
{
    std::size_t found = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& one = all[i];
        const auto notices = store.notices_for(one.account, store.notice_cursor(one.device), now_ms, 16);
        found += notices.size();
        if (!notices.empty()) store.advance_notice_cursor(one.device, notices.back().sequence);
        if (i % devices_a_tick == devices_a_tick - 1) commit(store);
    }
    commit(store);
    return found;
}

void measure(std::size_t accounts, const std::filesystem::path& folder)
{
    std::filesystem::create_directories(folder);
    auto opened = Store::open((folder / "relay.db").string());
    if (!opened.ok()) give_up(opened.error().detail);
    auto& store = *opened;
    std::vector<Subscriber> all;
    for (std::size_t n = 0; n < accounts; ++n) {
        StoredAccount account;
        account.user = "user" + std::to_string(n);
        account.account_key = id_of<PublicKey>(n + 1);
        Subscriber one;
        one.account = store.add_account(account, 1);
        StoredDevice device;
        device.account = one.account;
        device.key = id_of<DeviceId>(n + 1);
        one.device = store.add_device(device, 1);
        all.push_back(one);
        if (n % 1000 == 999) commit(store);
    }
    commit(store);
    std::printf("%zu accounts of one device\n", accounts);
    const auto row = [](const char* what, double ms, double each) {
        std::printf("%-52s %9.1f ms   %7.1f us each\n", what, ms, each);
    };

    StoredNotice notice;
    notice.created_ms = 10;
    notice.expires_ms = day_ms;
    notice.title = "Maintenance on Sunday";
    notice.text = std::string(400, 'x');
    notice.to_all = true;
    notice.id = id_of<NoticeId>(1);
    auto start = Clock::now();
    notice.sequence = store.add_notice(notice, {});
    commit(store);
    row("a notice to all, durable", ms_since(start), 0);
    start = Clock::now();
    if (deliver(store, all, 20) != accounts) give_up("a notice to all did not come to everybody");
    row("everybody fetches and acknowledges it, durable", ms_since(start),
        ms_since(start) * 1000 / static_cast<double>(accounts));
    start = Clock::now();
    const auto reach = store.notice_reach(notice);
    row("how far has it come?", ms_since(start), 0);
    if (reach.accounts_reached != accounts) give_up("the reach is wrong");

    auto named = notice;
    named.to_all = false;
    named.id = id_of<NoticeId>(2);
    std::vector<AccountRow> some;
    for (std::size_t n = 0; n < std::min(named_max, accounts); ++n)
        some.push_back(all[n].account);
    start = Clock::now();
    named.sequence = store.add_notice(named, some);
    commit(store);
    row("a notice to 1,000 by name, durable", ms_since(start),
        ms_since(start) * 1000 / static_cast<double>(some.size()));
    start = Clock::now();
    if (deliver(store, all, 30) != some.size()) give_up("a notice by name went astray");
    row("everybody looks, 1,000 find and acknowledge it", ms_since(start),
        ms_since(start) * 1000 / static_cast<double>(accounts));
    start = Clock::now();
    if (deliver(store, all, 40) != 0) give_up("something came twice");
    row("everybody looks, and there is nothing", ms_since(start),
        ms_since(start) * 1000 / static_cast<double>(accounts));
    start = Clock::now();
    std::size_t listed = 0;
    for (std::string after;;) {
        const auto page = store.notice_recipients(notice, after, 500);
        listed += page.size();
        if (page.empty()) break;
        after = page.back().user;
    }
    row("the list of who has it, 500 a page", ms_since(start), ms_since(start) * 1000 / static_cast<double>(accounts));
    if (listed != accounts) give_up("the list is not whole");
}

} // namespace

int main(int argc, char** argv)
{
    std::size_t accounts = 10'000;
    std::filesystem::path folder;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        if (name == "--accounts")
            accounts = static_cast<std::size_t>(std::max(1, std::atoi(argv[i + 1])));
        else if (name == "--dir")
            folder = argv[i + 1];
        else
            give_up("unknown option " + name);
    }
    const bool ours = folder.empty();
    if (ours)
        folder = std::filesystem::temp_directory_path() /
                 ("godwit-notices-" + std::to_string(Clock::now().time_since_epoch().count()));
    measure(accounts, folder);
    if (ours) std::filesystem::remove_all(folder);
}
