// SPDX-License-Identifier: Apache-2.0
// Random commits, rejections, repetitions and crashes against a model that fits on a page.
#include "tests/relay/chat.hpp"

#include <cstdlib>

using namespace godwit;
using namespace godwit::relay;
using namespace godwit::relay::test;

namespace {

/// What the relay promises about one group, from its answers alone.
struct Model {
    struct Commit {
        std::uint64_t number = 0;
        std::size_t by = 0;
        std::set<std::size_t> judges;     ///< Whom it was put for.
        std::set<std::size_t> party;      ///< In the group by it, as the relay knows.
        std::set<std::size_t> refused_by; ///< Of the judges, as the next.
        std::set<std::size_t> taken_by;
    };
    std::uint64_t incarnation = 0;
    std::vector<Commit> commits; ///< Of this incarnation, by the epoch they started from.
    std::size_t base = 0;        ///< The newest that stands: before it nothing is gone back to.
    std::set<std::uint64_t> rejected;

    [[nodiscard]] bool takes(std::uint64_t at_incarnation, std::uint64_t epoch) const
    {
        if (epoch == 0) return at_incarnation > incarnation;
        return at_incarnation == incarnation && epoch == commits.size();
    }
    [[nodiscard]] bool is_vouched(std::size_t at) const
    {
        std::size_t accepted = 0;
        for (const auto one : commits[at].taken_by) {
            bool refuses = false;
            for (auto before = base; before <= at; ++before)
                refuses = refuses || commits[before].refused_by.contains(one);
            accepted += refuses ? 0 : 1;
        }
        return 2 * (accepted + 1) > commits[at].judges.size() + 1;
    }
    void settle()
    {
        for (auto at = commits.size(); at-- > base;)
            if (is_vouched(at)) {
                base = at;
                return;
            }
    }
    /// Who was in it by the commit before is asked, whether the committer names them or not.
    void take(std::uint64_t at_incarnation, std::uint64_t number, std::size_t by, std::set<std::size_t> put_for)
    {
        if (at_incarnation != incarnation) {
            commits.clear();
            base = 0;
        } else {
            settle();
            put_for.insert(commits.back().party.begin(), commits.back().party.end());
        }
        put_for.erase(by);
        incarnation = at_incarnation;
        Commit commit{number, by, put_for, put_for, {}, {}};
        commit.party.insert(by);
        commits.push_back(std::move(commit));
        for (auto& one : commits)
            one.refused_by.erase(by);
    }
    [[nodiscard]] bool may_reject(std::size_t by, std::size_t epoch) const
    {
        const bool built_on = std::any_of(commits.begin() + static_cast<std::ptrdiff_t>(epoch) + 1, commits.end(),
                                          [&](const Commit& one) { return one.by == by; });
        const bool open = epoch == 0 ? base == 0 : epoch > base;
        return open && !built_on && commits[epoch].judges.contains(by);
    }
    /// True: it falls, and those after it.
    [[nodiscard]] bool reject(std::size_t by, std::size_t epoch)
    {
        auto& refused = commits[epoch].refused_by;
        refused.insert(by);
        if (2 * refused.size() < commits[epoch].judges.size() + 1) return false;
        for (auto at = epoch; at < commits.size(); ++at)
            rejected.insert(commits[at].number);
        commits.resize(epoch);
        base = std::min(base, epoch);
        return true;
    }
    void acknowledge(std::size_t by)
    {
        for (auto& one : commits)
            if (one.judges.contains(by)) one.taken_by.insert(by);
    }
};

void take_all(Device& by)
{
    by.drop();
    by.resume(); // All that waits comes again.
    for (;;) {
        std::vector<std::uint64_t> sequences;
        for (const auto& mail : by.take<frame::MailboxDeliver>())
            sequences.push_back(mail.sequence);
        if (sequences.empty()) return;
        by.acknowledge(sequences);
    }
}

std::uint64_t seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 60;
}

} // namespace

TEST_CASE("a walk of commits, rejections, repetitions and crashes: one commit an epoch, and nobody is told otherwise")
{
    std::size_t accepted = 0, conflicts = 0, rejections = 0, suffixes = 0, stood = 0;
    for (std::uint64_t seed = 1; seed <= seeds_of_this_run(); ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        Config config;
        config.limits.group_rejects = {1'000, std::chrono::seconds(1)};
        config.limits.group_creations = {1'000, std::chrono::seconds(1)};
        Chat c(config);
        Device* const devices[] = {&c.ann, &c.bo, &c.phone};
        Model model;
        std::uint64_t next = 1;
        struct Made {
            std::size_t by;
            std::uint64_t incarnation, epoch, number;
        };
        std::vector<Made> made; ///< Accepted, lately.
        for (int step = 0; step < 60; ++step) {
            CAPTURE(step);
            const auto by = random() % 3;
            auto& device = *devices[by];
            const std::string with = &device == &c.bo ? "ann" : "bo";
            const auto choice = random() % 10;
            if (choice < 5) { // a commit, mostly from where the group stands
                const bool creates = model.commits.empty() || random() % 8 == 0;
                auto incarnation = model.incarnation + (creates ? 1 : 0);
                auto epoch = creates ? 0 : model.commits.size();
                if (random() % 6 == 0) epoch += random() % 3;
                if (random() % 12 == 0) incarnation += 1;
                if (epoch > 100) epoch = 0;
                const auto number = next++;
                auto request = c.request(with, incarnation, epoch, number);
                std::set<std::size_t> put_for;
                for (std::size_t i = 0; i < 3 && epoch > 0; ++i)
                    if (i != by && random() % 8 != 0) {
                        put_for.insert(i);
                        request.recipients.push_back(devices[i]->id);
                    }
                const bool lost = random() % 8 == 0;
                if (lost) { // the process dies before the tick is stored
                    device.send(request);
                    c.world.restart();
                    for (auto* const one : devices)
                        one->resume();
                    continue;
                }
                const auto response = device.ask(request);
                const bool expected = model.takes(incarnation, epoch);
                CHECK(response.error.code == (expected ? ErrorCode::ok : ErrorCode::conflict));
                expected ? ++accepted : ++conflicts;
                if (expected) {
                    model.take(incarnation, number, by, put_for);
                    made.push_back({by, incarnation, epoch, number});
                    if (made.size() > 16) made.erase(made.begin());
                }
            } else if (choice < 8 && !model.commits.empty()) { // a rejection, of the newest or of one before
                const auto newest = model.commits.size() - 1;
                const auto kind = random() % 6;
                const auto epoch = kind < 3   ? newest
                                   : kind < 5 ? std::min(model.base + 1, newest)
                                              : random() % model.commits.size();
                for (auto* const one : devices)
                    one->forget_frames();
                const auto code = c.reject(device, with, model.incarnation, epoch, model.commits[epoch].number);
                const bool counts = model.may_reject(by, epoch);
                CHECK(code == (counts ? ErrorCode::ok : ErrorCode::conflict));
                if (!counts && epoch + 1 < model.commits.size() && epoch <= model.base) ++stood;
                const auto before = model.commits.size();
                if (counts && model.reject(by, epoch)) {
                    ++rejections;
                    suffixes += before - epoch > 1 ? 1 : 0;
                    for (auto* const one : devices)
                        CHECK(one->take<frame::GroupChanged>().size() == 1);
                }
            } else if (choice < 9 && !made.empty()) { // somebody did not hear the answer
                const auto& one = made[random() % made.size()];
                const std::string to = one.by == 1 ? "ann" : "bo";
                const auto response = devices[one.by]->ask(c.request(to, one.incarnation, one.epoch, one.number));
                const bool stands = !model.rejected.contains(one.number);
                CHECK(response.error.code == (stands ? ErrorCode::ok : ErrorCode::conflict));
                if (stands) CHECK(std::get<frame::GroupState>(response.body).epoch == one.epoch + 1);
            } else if (random() % 2 == 0) {
                take_all(device);
                model.acknowledge(by);
            } else {
                c.world.restart();
                for (auto* const one : devices)
                    one->resume();
            }
            const auto state = c.state(c.ann);
            CHECK(state.incarnation == model.incarnation);
            CHECK(state.epoch == model.commits.size());
            CHECK(state.commit == (model.commits.empty() ? MessageId{} : envelope(model.commits.back().number).id));
            CHECK(state.group_info == (model.commits.empty() ? Bytes{} : c.info(model.commits.back().number)));
        }
    }
    CHECK(accepted > 500);
    CHECK(conflicts > 100);
    CHECK(rejections > 50);
    CHECK(suffixes > 5);
    CHECK(stood > 20);
}
