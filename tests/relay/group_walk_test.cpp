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
    std::uint64_t incarnation = 0;
    std::vector<std::uint64_t> commits; ///< Of this incarnation, by the epoch they started from.
    bool can_go_back = false;           ///< The newest was not uncovered by a rejection.
    std::set<std::size_t> judges;       ///< Whom the newest was put for.
    std::set<std::size_t> refused_by;   ///< Of these.
    std::set<std::uint64_t> rejected;
    std::set<std::size_t> party; ///< In it, as the relay knows.

    [[nodiscard]] bool takes(std::uint64_t at_incarnation, std::uint64_t epoch) const
    {
        if (epoch == 0) return at_incarnation > incarnation;
        return at_incarnation == incarnation && epoch == commits.size();
    }
    /// Who was in it by the commit before is asked, whether the committer names them or not.
    void take(std::uint64_t at_incarnation, std::uint64_t number, std::size_t by, std::set<std::size_t> put_for)
    {
        judges = std::move(put_for);
        if (at_incarnation == incarnation) judges.insert(party.begin(), party.end());
        judges.erase(by);
        party = judges;
        party.insert(by);
        refused_by.clear();
        if (at_incarnation != incarnation) commits.clear();
        incarnation = at_incarnation;
        commits.push_back(number);
        can_go_back = true;
    }
    void reject()
    {
        rejected.insert(commits.back());
        commits.pop_back();
        can_go_back = false;
    }
};

std::uint64_t seeds_of_this_run()
{
    const char* const given = std::getenv("GODWIT_TEST_SEEDS");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : 60;
}

} // namespace

TEST_CASE("a walk of commits, rejections, repetitions and crashes: one commit an epoch, and nobody is told otherwise")
{
    std::size_t accepted = 0, conflicts = 0, rejections = 0;
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
            } else if (choice < 8 && !model.commits.empty()) { // a rejection of the newest, or of the one before
                const auto back = random() % 6 == 0 ? 1U : 0U;
                if (model.commits.size() <= back) continue;
                const auto epoch = model.commits.size() - 1 - back;
                for (auto* const one : devices)
                    one->forget_frames();
                const auto code = c.reject(device, with, model.incarnation, epoch, model.commits[epoch]);
                const bool counts = back == 0 && model.can_go_back && model.judges.contains(by);
                CHECK(code == (counts ? ErrorCode::ok : ErrorCode::conflict));
                if (counts) model.refused_by.insert(by);
                if (counts && 2 * model.refused_by.size() >= model.judges.size() + 1) {
                    model.reject();
                    ++rejections;
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
            } else {
                c.world.restart();
                for (auto* const one : devices)
                    one->resume();
            }
            const auto state = c.state(c.ann);
            CHECK(state.incarnation == model.incarnation);
            CHECK(state.epoch == model.commits.size());
            CHECK(state.commit == (model.commits.empty() ? MessageId{} : envelope(model.commits.back()).id));
            CHECK(state.group_info == (model.commits.empty() ? Bytes{} : c.info(model.commits.back())));
        }
    }
    CHECK(accepted > 500);
    CHECK(conflicts > 100);
    CHECK(rejections > 50);
}
