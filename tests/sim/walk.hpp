// SPDX-License-Identifier: Apache-2.0
// One seed, from the first registration to the last promise.
//
//   people register and befriend each other, undisturbed
//   phase 1   steps: talk, and whatever may break; safety after each
//   heal      the network is whole, everybody runs, disks work, clocks are right, applications listen
//   phase 2   within 60 virtual seconds all is terminal, soon after nothing moves; then every promise, to its end
#pragma once

#include "tests/sim/oracle.hpp"
#include "tests/sim/swarm.hpp"

#include <functional>

namespace godwit::testing {

/// goals.md S1: all terminal within this of virtual time.
inline constexpr Duration terminal_max = std::chrono::seconds(60);
/// What a blocked person sent is as good as stored to the relay, and gone; after the block it waits for its turn to be
/// offered again, twice mailbox_reoffer_ms at most.
inline constexpr Duration terminal_after_block_max = terminal_max + std::chrono::seconds(40);
/// What came last may wait parent_wait_max for parents that never come, and is then acknowledged at the relay.
inline constexpr Duration rest_after_terminal_max = std::chrono::seconds(40);

struct Outcome {
    std::string verdict; ///< Empty: every promise was kept.
    std::uint64_t hash = 0;
    std::uint64_t said = 0;
    std::uint64_t accepted = 0;
    std::uint64_t happened = 0;
    std::uint64_t turned = 0; ///< Links by relayed addresses.
    Duration rest{};          ///< How long it took until all was terminal.
    std::vector<Step> steps;  ///< Those that were taken before the verdict, or all.
};

class Walk {
public:
    Walk(std::uint64_t seed, Swarm swarm);

    [[nodiscard]] Outcome run(const std::vector<Step>& steps);

private:
    void set_up();
    void step(const Step& step);
    void heal();
    void chores();
    /// What follows from replies.
    void go_on()
    {
        post_files();
        follow_links();
    }
    [[nodiscard]] std::vector<Client*> members_in_order() const;
    [[nodiscard]] Duration come_to_rest();

    void say(Client& from, std::uint64_t detail, std::size_t messages);
    void act(Client& by, std::uint64_t detail, StepKind kind);
    void contact(Client& one, std::uint64_t detail, StepKind kind);
    // walk_groups.cpp
    void group(Client& one, std::uint64_t detail, StepKind kind);
    void group_create(Client& one, std::uint64_t detail);
    void group_change(Client& one, std::size_t number, std::uint64_t detail, StepKind kind);
    void follow_links();
    [[nodiscard]] std::string views_of(std::size_t number);
    void look_at_groups();
    // walk_files.cpp
    void file(Client& one, std::uint64_t detail, StepKind kind);
    void post_files();
    void fetch_files();
    void save_files();
    void remove(Client& by, std::uint64_t detail); // removals.cpp
    // walk_turnover.cpp
    void turnover(Client& one, std::uint64_t detail, StepKind kind);
    struct Talk {
        std::function<bool(Client&)> is_moment_of; ///< Whether this one would talk now.
        std::string to;                            ///< As Oracle::text() has it.
        std::size_t words = 0;
        std::uint64_t dice = 0;
        Instant until{};
    };
    void talk_on(Talk talk);
    void part_unread(Client& one, const std::string& other, std::uint64_t detail);
    void log_in(Client& client);
    [[nodiscard]] std::vector<std::string> friends_of(const std::string& account) const;
    [[nodiscard]] Client& device(std::uint64_t who) { return *devices_[who % devices_.size()]; }

    std::uint64_t seed_;
    Swarm swarm_;
    World world_;
    Oracle oracle_;
    std::vector<Client*> devices_;
    std::set<Client*> members_; ///< Registered, or trying to log in.
    /// What somebody asked for and wants to see done; forgotten by a process that died.
    struct Wish {
        std::uint64_t life = 0; ///< First: when the disk refuses what is asked, the next life has begun.
        RequestId request = 0;  ///< 0: not asked yet.
        Client* by = nullptr;
    };
    [[nodiscard]] static bool undecided(Client& client, const Wish& wish)
    {
        return wish.request != 0 && wish.life == client.lives() && client.reply(wish.request) == nullptr;
    }
    std::map<Client*, Wish> logging_in_;
    std::map<std::pair<std::string, std::string>, Wish> to_unblock_; ///< By two accounts.
    /// A file that is being added, and where its post goes.
    struct Adding {
        Client* by = nullptr;
        std::uint64_t life = 0;
        RequestId request = 0;
        std::size_t number = 0;
        std::string to; ///< As Oracle::text() has it.
    };
    std::vector<Adding> adding_;
    /// A link that was asked for, and who shall come in by it.
    struct Link {
        Client* by = nullptr;
        std::uint64_t life = 0;
        RequestId request = 0;
        Client* joins = nullptr;
    };
    std::vector<Link> links_;
    /// What a reply is waited for with; nullopt: not yet; nullptr: it will not come.
    [[nodiscard]] static std::optional<const event::Reply*> answer(Client& by, std::uint64_t life, RequestId request)
    {
        if (!by.running() || by.lives() != life) return nullptr;
        const auto* reply = by.reply(request);
        return reply == nullptr ? std::nullopt : std::optional(reply);
    }
    bool healed_ = false;
    std::set<Client*> sync_failed_; ///< Their store has stopped for good: the user starts the program again.
};

/// Everything of one seed. `kept`: only these steps, by index; nullptr: all.
[[nodiscard]] Outcome run_seed(std::uint64_t seed, const std::vector<std::uint32_t>* kept = nullptr,
                               const Extras& extras = {});

} // namespace godwit::testing
